"""Search over a long audit log on PostgreSQL: an index of three-letter pieces (pg_trgm) of each entry's words.

pg_trgm is a trusted extension since PostgreSQL 13: whoever may create in the database may install it. Where it is
refused or missing, search works without the index, slower (docs/operations.md says how to add it later).
"""

from django.db import ProgrammingError, migrations, transaction
from django.db.utils import NotSupportedError, OperationalError

INDEX = "CREATE INDEX audit_words ON tenants_auditentry USING gin (words gin_trgm_ops)"


def forwards(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    try:
        with transaction.atomic(using=schema_editor.connection.alias):
            schema_editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except (ProgrammingError, NotSupportedError, OperationalError) as error:
        print(f"\n    Search in the audit log has no index: {error}    See docs/operations.md.", end="")
        return
    schema_editor.execute(INDEX)


def backwards(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX IF EXISTS audit_words")


class Migration(migrations.Migration):
    dependencies = [("tenants", "0002_audit_is_insert_only")]
    operations = [migrations.RunPython(forwards, backwards)]
