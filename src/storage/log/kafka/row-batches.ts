import { ByteWriter } from "../../../core/byte-writer.ts";
import { MillraceError } from "../../../core/errors.ts";
import { RowAvro } from "../../../language/compile/avro/row-avro.ts";
import { ROW_FLAGS, ROW_HEAD, type Layout } from "../../../language/schema/layout.ts";
import type { Batch } from "../log.ts";
import { batchCrc } from "../row-header.ts";
import { FRAME_BYTES, isFramed, schemaIdOf } from "./framed-record.ts";
import type { InBatch } from "./kafka-client.ts";

/** What is to be known of the rows that were written with a schema, by the schema's id. */
export interface SchemaLayouts {
  /** Throws `STORAGE_CORRUPT` for one that isn't known. */
  of(schemaId: number): {
    readonly layout: Layout;
    /** Column of the event time. */
    readonly time: string;
  };
  /** Finds out about a schema that wasn't there before. */
  learn(schemaId: number): Promise<void>;
}

interface Reading {
  readonly avro: RowAvro;
  readonly time: string;
}

/** Turns records of topics into the log's batches of rows. */
export class RowBatches {
  readonly #layouts: SchemaLayouts;
  readonly #readings = new Map<number, Reading>();

  constructor(layouts: SchemaLayouts) {
    this.#layouts = layouts;
  }

  /** Finds out about schemas that these records are the first to have. */
  async learn(fetched: readonly InBatch[]): Promise<void> {
    const unknown = new Set<number>();
    for (const { records } of fetched) {
      for (const { value } of records) {
        if (value === null || !isFramed(value)) continue;
        const id = schemaIdOf(value);
        if (!this.#readings.has(id)) unknown.add(id);
      }
    }
    for (const id of unknown) await this.#layouts.learn(id);
  }

  /**
   * Batches of rows of one schema each, heartbeats by themselves. Together they cover the offsets
   * from `from` to the end of what was fetched: those that are missing in between belong to the
   * batch before them. Throws `STORAGE_CORRUPT`.
   */
  batches(fetched: InBatch, from: number): Batch[] {
    const out = new ByteWriter(fetched.records.length * 256 + 1);
    const groups: Row[][] = [];
    for (const record of fetched.records) {
      if (record.value === null) continue;
      const row = this.#row(fetched, record.offset, record.value, out);
      const last = groups.at(-1)?.[0];
      const isAlike = last?.schemaId === row.schemaId && last.isHeartbeat === row.isHeartbeat;
      if (isAlike) groups.at(-1)!.push(row);
      else groups.push([row]);
    }
    const rows = out.take();
    return groups.map((group, index) => {
      const place = {
        topic: fetched.topic,
        partition: fetched.partition,
        baseOffset: index === 0 ? from : group[0]!.offset,
        endOffset: groups[index + 1]?.[0]!.offset ?? fetched.endOffset,
      };
      return batchOf(place, group, rows);
    });
  }

  /** The part of a batch with the offsets `[from, to)`. */
  part(batch: Batch, from: number, to: number): Batch {
    if (from <= batch.baseOffset && to >= batch.endOffset) return batch;
    const { topic, partition, rows, layoutId } = batch;
    const baseOffset = Math.max(from, batch.baseOffset);
    const place = { topic, partition, baseOffset, endOffset: Math.min(to, batch.endOffset) };
    if (batch.kind === "heartbeat") return { ...batch, ...place };
    const { avro, time } = this.#reading(layoutId);
    const inside: Row[] = [];
    for (let start = 0, end = 0; start < rows.length; start = end) {
      end = avro.endOf(rows, start);
      const offset = avro.int64Of("_offset", rows, start);
      if (offset < from || offset >= to) continue;
      const receivedAt = avro.int64Of("received_at", rows, start);
      const at = avro.int64Of(time, rows, start);
      inside.push({
        offset,
        schemaId: layoutId,
        start,
        end,
        isHeartbeat: false,
        receivedAt,
        time: at,
      });
    }
    if (inside.length > 0) return batchOf(place, inside, rows);
    return { ...batch, ...place, count: 0, rows: new Uint8Array() };
  }

  #row(place: InBatch, offset: number, value: Uint8Array, out: ByteWriter): Row {
    try {
      const schemaId = schemaIdOf(value);
      const { avro, time } = this.#reading(schemaId);
      const start = out.at;
      avro.toRow(value, FRAME_BYTES, { offset, partition: place.partition }, out);
      const row = out.written(start);
      return {
        offset,
        schemaId,
        start,
        end: out.at,
        isHeartbeat: (row[ROW_HEAD.flags]! & ROW_FLAGS.heartbeat) !== 0,
        receivedAt: avro.int64Of("received_at", row, 0),
        time: avro.int64Of(time, row, 0),
      };
    } catch (cause) {
      throw new MillraceError(
        "STORAGE_CORRUPT",
        `${place.topic}, partition ${place.partition}, offset ${offset}: the record can't be read`,
        { cause, offset },
      );
    }
  }

  #reading(schemaId: number): Reading {
    const known = this.#readings.get(schemaId);
    if (known !== undefined) return known;
    const { layout, time } = this.#layouts.of(schemaId);
    const reading = { avro: new RowAvro(layout), time };
    this.#readings.set(schemaId, reading);
    return reading;
  }
}

/** A record as a row in a buffer. */
interface Row {
  readonly offset: number;
  readonly schemaId: number;
  readonly start: number;
  readonly end: number;
  readonly isHeartbeat: boolean;
  /** ms */
  readonly receivedAt: number;
  readonly time: number;
}

function batchOf(
  place: Pick<Batch, "topic" | "partition" | "baseOffset" | "endOffset">,
  group: readonly Row[],
  all: Uint8Array,
): Batch {
  const { isHeartbeat, schemaId, start } = group[0]!;
  const rows = isHeartbeat ? new Uint8Array() : all.subarray(start, group.at(-1)!.end);
  const seen = { first: Infinity, last: -Infinity, min: Infinity, max: -Infinity };
  for (const { receivedAt, time } of group) {
    seen.first = Math.min(seen.first, receivedAt);
    seen.last = Math.max(seen.last, receivedAt);
    seen.min = Math.min(seen.min, time);
    seen.max = Math.max(seen.max, time);
  }
  const head = { ...place, layoutId: schemaId, firstReceivedAt: seen.first };
  return {
    ...head,
    count: isHeartbeat ? 0 : group.length,
    kind: isHeartbeat ? "heartbeat" : "events",
    lastReceivedAt: seen.last,
    minTime: seen.min,
    maxTime: seen.max,
    rows,
    crc: batchCrc(head, rows),
  };
}
