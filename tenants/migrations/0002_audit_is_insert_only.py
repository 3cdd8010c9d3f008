"""The database itself refuses to change or remove audit entries and links, and to remove the chain's head.

Whoever owns the tables can drop the triggers; `manage.py verify_audit` finds what was done then. A later migration that
changes one of these tables on SQLite, where Django makes the table anew, must make its triggers anew too.
"""

from django.db import migrations

from tenants import chain

# Table → its unique columns: SQLite's REPLACE would take the old row away without asking the DELETE trigger.
INSERT_ONLY = {"tenants_auditentry": ("id",), "tenants_auditlink": ("position", "entry_id")}
HEAD = "tenants_audithead"
SAYS = "the audit log is insert-only"

POSTGRESQL_REFUSES = f"""
CREATE FUNCTION berth_audit_refuses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '{SAYS}' USING ERRCODE = 'restrict_violation';
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
    for table in INSERT_ONLY:
        yield (
            f"CREATE TRIGGER {table}_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION berth_audit_refuses()"
        )
    yield (
        f"CREATE TRIGGER {HEAD}_stays BEFORE DELETE OR TRUNCATE ON {HEAD} "
        "FOR EACH STATEMENT EXECUTE FUNCTION berth_audit_refuses()"
    )


def sqlite():
    refuses = f"BEGIN SELECT RAISE(ABORT, '{SAYS}'); END"
    for table, columns in INSERT_ONLY.items():
        for verb in ("UPDATE", "DELETE"):
            yield f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} {refuses}"
        taken = " OR ".join(f"{column} = NEW.{column}" for column in columns)
        yield (
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {taken}) {refuses}"
        )
    yield f"CREATE TRIGGER {HEAD}_stays BEFORE DELETE ON {HEAD} {refuses}"


def backwards(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION berth_audit_refuses() CASCADE")
        return
    for table in INSERT_ONLY:
        for name in ("no_update", "no_delete", "no_replace"):
            schema_editor.execute(f"DROP TRIGGER {table}_{name}")
    schema_editor.execute(f"DROP TRIGGER {HEAD}_stays")


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
