/**
 * The tables of `registry.db`.
 *
 * `identity` and `canonical` are SHA-256 over everything that makes a schema itself: `identity`
 * over its text without white space, `canonical` over its canonical form. AUTOINCREMENT keeps an
 * id from being given again after its schema is gone: old records carry it.
 */
export const REGISTRY_TABLES = `
CREATE TABLE IF NOT EXISTS schemas (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  guid TEXT NOT NULL UNIQUE,
  identity TEXT NOT NULL UNIQUE,
  canonical TEXT NOT NULL,
  schema_type TEXT NOT NULL,
  schema TEXT NOT NULL,
  metadata TEXT,
  rule_set TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS schemas_canonical ON schemas (canonical);

CREATE TABLE IF NOT EXISTS schema_references (
  id INTEGER NOT NULL,
  position INTEGER NOT NULL,
  name TEXT NOT NULL,
  subject TEXT NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS schema_references_target ON schema_references (subject, version);

CREATE TABLE IF NOT EXISTS versions (
  subject TEXT NOT NULL,
  version INTEGER NOT NULL,
  id INTEGER NOT NULL,
  deleted INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (subject, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS versions_id ON versions (id);

-- The last version ever given under a subject, kept when the subject is deleted for good.
CREATE TABLE IF NOT EXISTS last_versions (
  subject TEXT PRIMARY KEY,
  version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The subject '' stands for all subjects that have no settings of their own.
CREATE TABLE IF NOT EXISTS settings (
  subject TEXT PRIMARY KEY,
  level TEXT,
  mode TEXT
) STRICT, WITHOUT ROWID;
`;
