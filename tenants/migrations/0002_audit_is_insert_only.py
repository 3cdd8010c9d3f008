"""The database itself refuses to change or remove audit entries and links, and lets the chain only grow.

Links follow each other without gaps, the head stays, never goes back and never stands past the last link. Whoever owns
the tables can drop the triggers; `manage.py verify_audit` finds what was done then. A later migration that changes one
of these tables on SQLite, where Django makes the table anew, must make its triggers anew too.
"""

from django.db import migrations

from tenants import chain

ENTRIES, LINKS, HEAD = "tenants_auditentry", "tenants_auditlink", "tenants_audithead"
SAYS = "the audit log is insert-only and its chain only grows"
LAST = f"(SELECT COALESCE(MAX(position), 0) FROM {LINKS})"

# Trigger → its table, what it comes before, and when it refuses: a row of its own for each.
GROWS = {
    f"{LINKS}_next": (LINKS, "INSERT", f"NEW.position <> {LAST} + 1"),
    f"{HEAD}_one": (HEAD, "INSERT", f"EXISTS (SELECT 1 FROM {HEAD})"),
    f"{HEAD}_forward": (HEAD, "UPDATE", f"NEW.position < OLD.position OR NEW.position > {LAST}"),
}
# Table → what SQLite's REPLACE would take away without asking the DELETE trigger: rows that have the same unique
# columns, or the same rowid, which a table has beside a key that is not its own.
TAKEN = {
    ENTRIES: ("rowid = NEW.rowid", "stamp = NEW.stamp AND NOT (stamp = '')"),
    LINKS: ("rowid = NEW.rowid", "position = NEW.position", "entry_id = NEW.entry_id"),
}

POSTGRESQL_REFUSES = f"""
CREATE FUNCTION berth_audit_refuses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '{SAYS}' USING ERRCODE = 'restrict_violation';
END
$$
"""
POSTGRESQL_GROWS = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF {condition} THEN
        RAISE EXCEPTION '{says}' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$
"""


def forwards(apps, schema_editor):
    made = postgresql() if schema_editor.connection.vendor == "postgresql" else sqlite()
    for statement in made:
        schema_editor.execute(statement)
    head = apps.get_model("tenants", "AuditHead")
    head.objects.create(digest=chain.GENESIS, seal=chain.seal(0, chain.GENESIS))


def postgresql():
    yield POSTGRESQL_REFUSES
    for table, verbs in ((ENTRIES, "UPDATE OR DELETE"), (LINKS, "UPDATE OR DELETE"), (HEAD, "DELETE")):
        yield (
            f"CREATE TRIGGER {table}_insert_only BEFORE {verbs} OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION berth_audit_refuses()"
        )
    for name, (table, verb, condition) in GROWS.items():
        yield POSTGRESQL_GROWS.format(name=name, condition=condition, says=SAYS)
        yield f"CREATE TRIGGER {name} BEFORE {verb} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"


def sqlite():
    refuses = f"BEGIN SELECT RAISE(ABORT, '{SAYS}'); END"
    for table, verb in (
        (ENTRIES, "UPDATE"),
        (ENTRIES, "DELETE"),
        (LINKS, "UPDATE"),
        (LINKS, "DELETE"),
        (HEAD, "DELETE"),
    ):
        yield f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} {refuses}"
    for table, ways in TAKEN.items():
        taken = " OR ".join(f"EXISTS (SELECT 1 FROM {table} WHERE {way})" for way in ways)
        yield f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {taken} {refuses}"
        # Before an INSERT that names no rowid, NEW.rowid is -1: a row that has it would stop all that come after.
        yield f"CREATE TRIGGER {table}_counted AFTER INSERT ON {table} WHEN NEW.rowid < 1 {refuses}"
    for name, (table, verb, condition) in GROWS.items():
        yield f"CREATE TRIGGER {name} BEFORE {verb} ON {table} WHEN {condition} {refuses}"


def backwards(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for function in ("berth_audit_refuses", *GROWS):
            schema_editor.execute(f"DROP FUNCTION {function}() CASCADE")
        return
    for statement in sqlite():
        schema_editor.execute(f"DROP TRIGGER {statement.split()[2]}")


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
