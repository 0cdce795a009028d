import { DatabaseSync } from "node:sqlite";
import type { StatementSync } from "node:sqlite";
import type { CompatibilityLevel } from "../../../language/schema/compatibility/compatibility-level.ts";
import type { SchemaType } from "../../../language/schema/compatibility/schema-source.ts";
import type {
  DeletedFilter,
  RegisteredSchema,
  RegistryMode,
  RegistrySettings,
  SchemaReference,
  SchemaUsage,
  StoredSchema,
} from "../registry.ts";
import type { SchemaFingerprints } from "../schema-fingerprints.ts";
import { REGISTRY_TABLES } from "./registry-tables.ts";

type Row = Readonly<Record<string, unknown>>;

const FILTERS: Readonly<Record<DeletedFilter, string>> = {
  exclude: "deleted = 0",
  include: "1",
  only: "deleted = 1",
};

const VERSION_COLUMNS = `v.subject, v.version, v.deleted, s.*`;

/** `registry.db`: rows in, rows out. Knows nothing of compatibility. */
export class RegistryDatabase {
  readonly #db: DatabaseSync;
  /** Prepared statements by text; the texts are constants of this file. */
  readonly #statements = new Map<string, StatementSync>();

  /** Opens or makes the file. Every commit is synced to disk. */
  constructor(path: string) {
    this.#db = new DatabaseSync(path);
    this.#db.exec(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000",
    );
    this.#db.exec(REGISTRY_TABLES);
  }

  /** Runs `work` as one commit, or not at all. */
  transaction<T>(work: () => T): T {
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#db.exec("COMMIT");
      return result;
    } catch (error) {
      this.#db.exec("ROLLBACK");
      throw error;
    }
  }

  close(): void {
    this.#db.close();
  }

  /** The schema with a fingerprint; of several with one canonical form, the oldest. */
  findSchema(kind: "identity" | "canonical" | "guid", value: string): StoredSchema | undefined {
    return this.#schema(
      this.#get(`SELECT * FROM schemas WHERE ${kind} = ? ORDER BY id LIMIT 1`, value),
    );
  }

  schemaById(id: number): StoredSchema | undefined {
    return this.#schema(this.#get("SELECT * FROM schemas WHERE id = ?", id));
  }

  insertSchema(schema: Omit<StoredSchema, "id" | "guid">, prints: SchemaFingerprints): number {
    const { lastInsertRowid } = this.#statement(
      `INSERT INTO schemas (guid, identity, canonical, schema_type, schema, metadata, rule_set)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ).run(
      prints.guid,
      prints.identity,
      prints.canonical,
      schema.schemaType,
      schema.schema,
      schema.metadata ?? null,
      schema.ruleSet ?? null,
    );
    const id = Number(lastInsertRowid);
    for (const [position, { name, subject, version }] of (schema.references ?? []).entries()) {
      this.#run(
        "INSERT INTO schema_references VALUES (?, ?, ?, ?, ?)",
        id,
        position,
        name,
        subject,
        version,
      );
    }
    return id;
  }

  /** Gives a schema the next version of a subject. */
  insertVersion(subject: string, id: number): number {
    const row = this.#get(
      `INSERT INTO last_versions VALUES (?, 1)
       ON CONFLICT (subject) DO UPDATE SET version = version + 1 RETURNING version`,
      subject,
    );
    const version = Number(row?.["version"]);
    this.#run("INSERT INTO versions VALUES (?, ?, ?, 0)", subject, version, id);
    return version;
  }

  /** The newest version of a subject that has a fingerprint. */
  findVersion(
    subject: string,
    kind: "identity" | "canonical",
    value: string,
    deleted: boolean,
  ): RegisteredSchema | undefined {
    return this.#registered(
      this.#get(
        `SELECT ${VERSION_COLUMNS} FROM versions v JOIN schemas s USING (id)
         WHERE v.subject = ? AND s.${kind} = ? AND ${FILTERS[deleted ? "include" : "exclude"]}
         ORDER BY v.deleted, v.version DESC LIMIT 1`,
        subject,
        value,
      ),
    );
  }

  version(subject: string, version: number): RegisteredSchema | undefined {
    return this.#registered(
      this.#get(
        `SELECT ${VERSION_COLUMNS} FROM versions v JOIN schemas s USING (id)
         WHERE v.subject = ? AND v.version = ?`,
        subject,
        version,
      ),
    );
  }

  /** The versions that are not deleted, with their schemas, in order. */
  registered(subject: string): RegisteredSchema[] {
    return this.#all(
      `SELECT ${VERSION_COLUMNS} FROM versions v JOIN schemas s USING (id)
       WHERE v.subject = ? AND deleted = 0 ORDER BY v.version`,
      subject,
    ).flatMap((row) => this.#registered(row) ?? []);
  }

  versions(subject: string, filter: DeletedFilter): number[] {
    return this.#all(
      `SELECT version FROM versions WHERE subject = ? AND ${FILTERS[filter]} ORDER BY version`,
      subject,
    ).map((row) => Number(row["version"]));
  }

  /** `only` gives the subjects of which every version is deleted. */
  subjects(filter: DeletedFilter): string[] {
    const having = { exclude: "MIN(deleted) = 0", include: "1", only: "MIN(deleted) = 1" }[filter];
    return this.#all(
      `SELECT subject FROM versions GROUP BY subject HAVING ${having} ORDER BY subject`,
    ).map((row) => String(row["subject"]));
  }

  usages(id: number, filter: DeletedFilter): SchemaUsage[] {
    return this.#all(
      `SELECT subject, version FROM versions WHERE id = ? AND ${FILTERS[filter]}
       ORDER BY subject, version`,
      id,
    ).map((row) => ({ subject: String(row["subject"]), version: Number(row["version"]) }));
  }

  /** Ids of schemas that refer to a version and are a version somewhere themselves. */
  referencedBy(subject: string, version: number): number[] {
    return this.#all(
      `SELECT DISTINCT r.id FROM schema_references r JOIN versions v USING (id)
       WHERE r.subject = ? AND r.version = ? AND v.deleted = 0 ORDER BY r.id`,
      subject,
      version,
    ).map((row) => Number(row["id"]));
  }

  markDeleted(subject: string, version: number): void {
    this.#run(
      "UPDATE versions SET deleted = 1 WHERE subject = ? AND version = ?",
      subject,
      version,
    );
  }

  /** Forgets a version, and its schema with the last version that used it. */
  remove(subject: string, version: number): void {
    const id = this.version(subject, version)?.id;
    this.#run("DELETE FROM versions WHERE subject = ? AND version = ?", subject, version);
    if (id === undefined || this.usages(id, "include").length > 0) return;
    this.#run("DELETE FROM schemas WHERE id = ?", id);
    this.#run("DELETE FROM schema_references WHERE id = ?", id);
  }

  settings(subject: string): RegistrySettings {
    const row = this.#get("SELECT level, mode FROM settings WHERE subject = ?", subject);
    const level = row?.["level"] as CompatibilityLevel | null | undefined;
    const mode = row?.["mode"] as RegistryMode | null | undefined;
    return {
      ...(level === null || level === undefined ? {} : { level }),
      ...(mode === null || mode === undefined ? {} : { mode }),
    };
  }

  saveSettings(subject: string, settings: RegistrySettings): void {
    this.#run(
      `INSERT INTO settings VALUES (?, ?, ?)
       ON CONFLICT (subject) DO UPDATE SET level = excluded.level, mode = excluded.mode`,
      subject,
      settings.level ?? null,
      settings.mode ?? null,
    );
  }

  #references(id: number): SchemaReference[] {
    return this.#all("SELECT * FROM schema_references WHERE id = ? ORDER BY position", id).map(
      (row) => ({
        name: String(row["name"]),
        subject: String(row["subject"]),
        version: Number(row["version"]),
      }),
    );
  }

  #schema(row: Row | undefined): StoredSchema | undefined {
    if (row === undefined) return undefined;
    const id = Number(row["id"]);
    const references = this.#references(id);
    return {
      id,
      guid: String(row["guid"]),
      schemaType: row["schema_type"] as SchemaType,
      schema: String(row["schema"]),
      ...(references.length === 0 ? {} : { references }),
      ...(row["metadata"] === null ? {} : { metadata: String(row["metadata"]) }),
      ...(row["rule_set"] === null ? {} : { ruleSet: String(row["rule_set"]) }),
    };
  }

  #registered(row: Row | undefined): RegisteredSchema | undefined {
    const schema = this.#schema(row);
    if (row === undefined || schema === undefined) return undefined;
    return {
      ...schema,
      subject: String(row["subject"]),
      version: Number(row["version"]),
      deleted: row["deleted"] !== 0,
    };
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#db.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #run(sql: string, ...values: (string | number | null)[]): void {
    this.#statement(sql).run(...values);
  }

  #get(sql: string, ...values: (string | number)[]): Row | undefined {
    return this.#statement(sql).get(...values);
  }

  #all(sql: string, ...values: (string | number)[]): Row[] {
    return this.#statement(sql).all(...values);
  }
}
