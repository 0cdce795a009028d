SET 'execution.runtime-mode' = 'streaming';

SET 'table.local-time-zone' = 'UTC';

SET 'execution.checkpointing.mode' = 'EXACTLY_ONCE';

SET 'table.exec.source.idle-timeout' = '0';

CREATE TEMPORARY SYSTEM FUNCTION IF NOT EXISTS millrace_anomaly AS 'millrace.flink.Anomaly' LANGUAGE JAVA USING JAR 'file:///flink-functions.jar';

CREATE TEMPORARY TABLE `user-events` (
  `received_at` BIGINT NOT NULL,
  `_flags` BIGINT NOT NULL,
  `user_id` STRING,
  `anonymous_id` STRING,
  `event_type` STRING NOT NULL,
  `timestamp` BIGINT NOT NULL,
  `properties` ROW<`page_url` STRING, `price` DECIMAL(18, 4)> NOT NULL,
  `_offset` BIGINT METADATA FROM 'offset' VIRTUAL,
  `_rowtime` AS TO_TIMESTAMP_LTZ(`timestamp`, 3),
  WATERMARK FOR `_rowtime` AS TO_TIMESTAMP_LTZ(`received_at` - 310001, 3)
) WITH (
  'connector' = 'kafka',
  'topic' = 'user-events',
  'properties.bootstrap.servers' = 'kafka:9092',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'properties.group.id' = 'shop',
  'value.format' = 'avro-confluent',
  'value.avro-confluent.url' = 'http://registry:8081'
);

CREATE TEMPORARY TABLE `shop-events` (
  `received_at` BIGINT NOT NULL,
  `_flags` BIGINT NOT NULL,
  `event_type` STRING NOT NULL,
  `timestamp` BIGINT NOT NULL,
  `properties` ROW<`price` DECIMAL(18, 4) NOT NULL, `quantity` BIGINT NOT NULL, `currency` STRING NOT NULL> NOT NULL,
  `_offset` BIGINT METADATA FROM 'offset' VIRTUAL,
  `_rowtime` AS TO_TIMESTAMP_LTZ(`timestamp`, 3),
  WATERMARK FOR `_rowtime` AS TO_TIMESTAMP_LTZ(`received_at` - 310001, 3)
) WITH (
  'connector' = 'kafka',
  'topic' = 'shop-events',
  'properties.bootstrap.servers' = 'kafka:9092',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'properties.group.id' = 'shop',
  'value.format' = 'avro-confluent',
  'value.avro-confluent.url' = 'http://registry:8081'
);

CREATE TEMPORARY VIEW `page-view-counts.events` AS
SELECT s.`_rowtime` AS _rowtime, s.`_offset` AS _offset, s.`timestamp` AS _t, NOT (NOT (MOD(s.`_flags` / 4, 2) = 1) AND s.`received_at` <= s.`timestamp` + 300000) AS _late, s.`properties`.`page_url` AS _d0, CASE WHEN (NOT (MOD(s.`_flags` / 4, 2) = 1) AND s.`received_at` <= s.`timestamp` + 300000) THEN 1 END AS _v0
FROM `user-events` AS s WHERE (NOT (MOD(s.`_flags` / 32, 2) = 1)) AND ((NOT (MOD(s.`_flags` / 4, 2) = 1) AND s.`received_at` <= s.`timestamp` + 300000) OR s.`received_at` <= s.`timestamp` - MOD(s.`timestamp`, 300000) + 300000 + 300000) AND ((s.`event_type` = 'page_view'));

CREATE TEMPORARY TABLE `page-view-counts.rows` (
  `op` STRING NOT NULL,
  `key` STRING NOT NULL,
  `window_start` TIMESTAMP(3) NOT NULL,
  `window_end` TIMESTAMP(3) NOT NULL,
  `page_url` STRING,
  `views` BIGINT NOT NULL,
  `incomplete` BOOLEAN NOT NULL,
  `closed` BOOLEAN NOT NULL,
  `late_pending` BIGINT NOT NULL,
  `generation` BIGINT NOT NULL,
  `version` BIGINT NOT NULL
) WITH (
  'connector' = 'kafka',
  'topic' = 'page-view-counts.rows',
  'properties.bootstrap.servers' = 'kafka:9092',
  'key.format' = 'raw',
  'key.fields' = 'key',
  'sink.delivery-guarantee' = 'exactly-once',
  'sink.transactional-id-prefix' = 'shop-page-view-counts.rows',
  'properties.transaction.timeout.ms' = '900000',
  'value.avro-confluent.schema' = '{"type":"record","name":"page_view_counts_rows","namespace":"millrace","fields":[{"name":"op","type":"string"},{"name":"key","type":"string"},{"name":"window_start","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"window_end","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"page_url","type":["null","string"],"default":null},{"name":"views","type":"long"},{"name":"incomplete","type":"boolean"},{"name":"closed","type":"boolean"},{"name":"late_pending","type":"long"},{"name":"generation","type":"long"},{"name":"version","type":"long"}]}',
  'value.avro-confluent.subject' = 'page-view-counts.rows-value',
  'value.format' = 'avro-confluent',
  'value.avro-confluent.url' = 'http://registry:8081'
);

CREATE TEMPORARY VIEW `session-metrics.events` AS
SELECT s.`_rowtime` AS _rowtime, s.`_offset` AS _offset, s.`timestamp` AS _t, COALESCE(s.`user_id`, s.`anonymous_id`) AS _d0, 1 AS _v0, s.`properties`.`page_url` AS _v1, CASE WHEN (s.`event_type` = 'purchase') THEN CAST(s.`properties`.`price` AS DECIMAL(38, 4)) END AS _v2
FROM `user-events` AS s WHERE (NOT (MOD(s.`_flags` / 32, 2) = 1)) AND ((NOT (MOD(s.`_flags` / 4, 2) = 1) AND s.`received_at` <= s.`timestamp` + 300000));

CREATE TEMPORARY TABLE `session-metrics.rows` (
  `op` STRING NOT NULL,
  `key` STRING NOT NULL,
  `window_start` TIMESTAMP(3) NOT NULL,
  `window_end` TIMESTAMP(3) NOT NULL,
  `user_id` STRING,
  `events` BIGINT NOT NULL,
  `pages` BIGINT NOT NULL,
  `revenue` DECIMAL(38, 4),
  `incomplete` BOOLEAN NOT NULL,
  `closed` BOOLEAN NOT NULL,
  `late_pending` BIGINT NOT NULL,
  `generation` BIGINT NOT NULL,
  `version` BIGINT NOT NULL
) WITH (
  'connector' = 'kafka',
  'topic' = 'session-metrics.rows',
  'properties.bootstrap.servers' = 'kafka:9092',
  'key.format' = 'raw',
  'key.fields' = 'key',
  'sink.delivery-guarantee' = 'exactly-once',
  'sink.transactional-id-prefix' = 'shop-session-metrics.rows',
  'properties.transaction.timeout.ms' = '900000',
  'value.avro-confluent.schema' = '{"type":"record","name":"session_metrics_rows","namespace":"millrace","fields":[{"name":"op","type":"string"},{"name":"key","type":"string"},{"name":"window_start","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"window_end","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"user_id","type":["null","string"],"default":null},{"name":"events","type":"long"},{"name":"pages","type":"long"},{"name":"revenue","type":["null",{"type":"bytes","logicalType":"decimal","precision":38,"scale":4}],"default":null},{"name":"incomplete","type":"boolean"},{"name":"closed","type":"boolean"},{"name":"late_pending","type":"long"},{"name":"generation","type":"long"},{"name":"version","type":"long"}]}',
  'value.avro-confluent.subject' = 'session-metrics.rows-value',
  'value.format' = 'avro-confluent',
  'value.avro-confluent.url' = 'http://registry:8081'
);

CREATE TEMPORARY VIEW `conversion-rates.events` AS
SELECT s.`_rowtime` AS _rowtime, s.`_offset` AS _offset, s.`timestamp` AS _t, NOT (NOT (MOD(s.`_flags` / 4, 2) = 1) AND s.`received_at` <= s.`timestamp` + 300000) AS _late, COALESCE(s.`user_id`, s.`anonymous_id`) AS _d0, CASE WHEN (NOT (MOD(s.`_flags` / 4, 2) = 1) AND s.`received_at` <= s.`timestamp` + 300000) THEN CASE WHEN (s.`event_type` = 'purchase') THEN 1 END END AS _v0, CASE WHEN (NOT (MOD(s.`_flags` / 4, 2) = 1) AND s.`received_at` <= s.`timestamp` + 300000) THEN CASE WHEN (s.`event_type` = 'page_view') THEN 1 END END AS _v1
FROM `user-events` AS s WHERE (NOT (MOD(s.`_flags` / 32, 2) = 1)) AND ((NOT (MOD(s.`_flags` / 4, 2) = 1) AND s.`received_at` <= s.`timestamp` + 300000) OR s.`received_at` <= s.`timestamp` - MOD(s.`timestamp`, 300000) + 300000 + 300000) AND ((s.`event_type` IN ('page_view', 'purchase')));

CREATE TEMPORARY TABLE `conversion-rates.rows` (
  `op` STRING NOT NULL,
  `key` STRING NOT NULL,
  `window_start` TIMESTAMP(3) NOT NULL,
  `window_end` TIMESTAMP(3) NOT NULL,
  `user_id` STRING,
  `rate__numerator` BIGINT NOT NULL,
  `rate__denominator` BIGINT NOT NULL,
  `incomplete` BOOLEAN NOT NULL,
  `closed` BOOLEAN NOT NULL,
  `late_pending` BIGINT NOT NULL,
  `generation` BIGINT NOT NULL,
  `version` BIGINT NOT NULL
) WITH (
  'connector' = 'kafka',
  'topic' = 'conversion-rates.rows',
  'properties.bootstrap.servers' = 'kafka:9092',
  'key.format' = 'raw',
  'key.fields' = 'key',
  'sink.delivery-guarantee' = 'exactly-once',
  'sink.transactional-id-prefix' = 'shop-conversion-rates.rows',
  'properties.transaction.timeout.ms' = '900000',
  'value.avro-confluent.schema' = '{"type":"record","name":"conversion_rates_rows","namespace":"millrace","fields":[{"name":"op","type":"string"},{"name":"key","type":"string"},{"name":"window_start","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"window_end","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"user_id","type":["null","string"],"default":null},{"name":"rate__numerator","type":"long"},{"name":"rate__denominator","type":"long"},{"name":"incomplete","type":"boolean"},{"name":"closed","type":"boolean"},{"name":"late_pending","type":"long"},{"name":"generation","type":"long"},{"name":"version","type":"long"}]}',
  'value.avro-confluent.subject' = 'conversion-rates.rows-value',
  'value.format' = 'avro-confluent',
  'value.avro-confluent.url' = 'http://registry:8081'
);

CREATE TEMPORARY VIEW `event-volume.events` AS
SELECT s.`_rowtime` AS _rowtime, s.`_offset` AS _offset, s.`timestamp` AS _t, NOT (NOT (MOD(s.`_flags` / 4, 2) = 1) AND s.`received_at` <= s.`timestamp` + 300000) AS _late, CAST(TO_TIMESTAMP_LTZ(s.`received_at` - 300000, 3) AS TIMESTAMP(3)) AS _until, s.`event_type` AS _d0, CASE WHEN (NOT (MOD(s.`_flags` / 4, 2) = 1) AND s.`received_at` <= s.`timestamp` + 300000) THEN 1 END AS _v0
FROM `user-events` AS s WHERE (NOT (MOD(s.`_flags` / 32, 2) = 1)) AND ((NOT (MOD(s.`_flags` / 4, 2) = 1) AND s.`received_at` <= s.`timestamp` + 300000) OR s.`received_at` <= s.`timestamp` - MOD(s.`timestamp`, 60000) + 600000 + 300000);

CREATE TEMPORARY TABLE `event-volume.rows` (
  `op` STRING NOT NULL,
  `key` STRING NOT NULL,
  `window_start` TIMESTAMP(3) NOT NULL,
  `window_end` TIMESTAMP(3) NOT NULL,
  `event_type` STRING NOT NULL,
  `events` BIGINT NOT NULL,
  `incomplete` BOOLEAN NOT NULL,
  `closed` BOOLEAN NOT NULL,
  `late_pending` BIGINT NOT NULL,
  `generation` BIGINT NOT NULL,
  `version` BIGINT NOT NULL
) WITH (
  'connector' = 'kafka',
  'topic' = 'event-volume.rows',
  'properties.bootstrap.servers' = 'kafka:9092',
  'key.format' = 'raw',
  'key.fields' = 'key',
  'sink.delivery-guarantee' = 'exactly-once',
  'sink.transactional-id-prefix' = 'shop-event-volume.rows',
  'properties.transaction.timeout.ms' = '900000',
  'value.avro-confluent.schema' = '{"type":"record","name":"event_volume_rows","namespace":"millrace","fields":[{"name":"op","type":"string"},{"name":"key","type":"string"},{"name":"window_start","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"window_end","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"event_type","type":"string"},{"name":"events","type":"long"},{"name":"incomplete","type":"boolean"},{"name":"closed","type":"boolean"},{"name":"late_pending","type":"long"},{"name":"generation","type":"long"},{"name":"version","type":"long"}]}',
  'value.avro-confluent.subject' = 'event-volume.rows-value',
  'value.format' = 'avro-confluent',
  'value.avro-confluent.url' = 'http://registry:8081'
);

CREATE TEMPORARY VIEW `shop-revenue.events` AS
SELECT s.`_rowtime` AS _rowtime, s.`_offset` AS _offset, s.`timestamp` AS _t, NOT (NOT (MOD(s.`_flags` / 4, 2) = 1) AND s.`received_at` <= s.`timestamp` + 300000) AS _late, s.`properties`.`currency` AS _d0, s.`event_type` AS _d1, CASE WHEN (NOT (MOD(s.`_flags` / 4, 2) = 1) AND s.`received_at` <= s.`timestamp` + 300000) THEN (CAST(s.`properties`.`price` AS DECIMAL(18, 4)) * CAST(s.`properties`.`quantity` AS DECIMAL(19, 0))) END AS _v0, CASE WHEN (NOT (MOD(s.`_flags` / 4, 2) = 1) AND s.`received_at` <= s.`timestamp` + 300000) THEN CAST(s.`properties`.`quantity` AS DECIMAL(38, 0)) END AS _v1, CASE WHEN (NOT (MOD(s.`_flags` / 4, 2) = 1) AND s.`received_at` <= s.`timestamp` + 300000) THEN CAST(s.`properties`.`price` AS DECIMAL(38, 4)) END AS _v2, CASE WHEN (NOT (MOD(s.`_flags` / 4, 2) = 1) AND s.`received_at` <= s.`timestamp` + 300000) THEN CASE WHEN (NOT (s.`properties`.`price` IS NULL)) THEN 1 END END AS _v3
FROM `shop-events` AS s WHERE (NOT (MOD(s.`_flags` / 32, 2) = 1)) AND ((NOT (MOD(s.`_flags` / 4, 2) = 1) AND s.`received_at` <= s.`timestamp` + 300000) OR s.`received_at` <= s.`timestamp` - MOD(s.`timestamp`, 3600000) + 3600000 + 300000) AND ((s.`event_type` IN ('purchase', 'refund')));

CREATE TEMPORARY TABLE `shop-revenue.rows` (
  `op` STRING NOT NULL,
  `key` STRING NOT NULL,
  `window_start` TIMESTAMP(3) NOT NULL,
  `window_end` TIMESTAMP(3) NOT NULL,
  `currency` STRING NOT NULL,
  `event_type` STRING NOT NULL,
  `revenue` DECIMAL(38, 4),
  `items` DECIMAL(38, 0),
  `average_price__sum` DECIMAL(38, 4),
  `average_price__count` BIGINT NOT NULL,
  `incomplete` BOOLEAN NOT NULL,
  `closed` BOOLEAN NOT NULL,
  `late_pending` BIGINT NOT NULL,
  `generation` BIGINT NOT NULL,
  `version` BIGINT NOT NULL
) WITH (
  'connector' = 'kafka',
  'topic' = 'shop-revenue.rows',
  'properties.bootstrap.servers' = 'kafka:9092',
  'key.format' = 'raw',
  'key.fields' = 'key',
  'sink.delivery-guarantee' = 'exactly-once',
  'sink.transactional-id-prefix' = 'shop-shop-revenue.rows',
  'properties.transaction.timeout.ms' = '900000',
  'value.avro-confluent.schema' = '{"type":"record","name":"shop_revenue_rows","namespace":"millrace","fields":[{"name":"op","type":"string"},{"name":"key","type":"string"},{"name":"window_start","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"window_end","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"currency","type":"string"},{"name":"event_type","type":"string"},{"name":"revenue","type":["null",{"type":"bytes","logicalType":"decimal","precision":38,"scale":4}],"default":null},{"name":"items","type":["null",{"type":"bytes","logicalType":"decimal","precision":38,"scale":0}],"default":null},{"name":"average_price__sum","type":["null",{"type":"bytes","logicalType":"decimal","precision":38,"scale":4}],"default":null},{"name":"average_price__count","type":"long"},{"name":"incomplete","type":"boolean"},{"name":"closed","type":"boolean"},{"name":"late_pending","type":"long"},{"name":"generation","type":"long"},{"name":"version","type":"long"}]}',
  'value.avro-confluent.subject' = 'shop-revenue.rows-value',
  'value.format' = 'avro-confluent',
  'value.avro-confluent.url' = 'http://registry:8081'
);

CREATE TEMPORARY VIEW `unusual-volume.values` AS
SELECT _key, (1000 * CAST(TIMESTAMPDIFF(SECOND, TIMESTAMP '1970-01-01 00:00:00', _start) AS BIGINT) + EXTRACT(MILLISECOND FROM _start)) AS _start, (1000 * CAST(TIMESTAMPDIFF(SECOND, TIMESTAMP '1970-01-01 00:00:00', _end) AS BIGINT) + EXTRACT(MILLISECOND FROM _end)) AS _end, CAST(_c0 AS DOUBLE) AS _value, _version
FROM (SELECT CONCAT('[', CONCAT('"', CASE WHEN REGEXP(_d0, '[\x00-\x1f"\\]') THEN REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(_d0, '\', '\\'), U&'\0000', '\u0000'), U&'\0001', '\u0001'), U&'\0002', '\u0002'), U&'\0003', '\u0003'), U&'\0004', '\u0004'), U&'\0005', '\u0005'), U&'\0006', '\u0006'), U&'\0007', '\u0007'), U&'\0008', '\b'), U&'\0009', '\t'), U&'\000a', '\n'), U&'\000b', '\u000b'), U&'\000c', '\f'), U&'\000d', '\r'), U&'\000e', '\u000e'), U&'\000f', '\u000f'), U&'\0010', '\u0010'), U&'\0011', '\u0011'), U&'\0012', '\u0012'), U&'\0013', '\u0013'), U&'\0014', '\u0014'), U&'\0015', '\u0015'), U&'\0016', '\u0016'), U&'\0017', '\u0017'), U&'\0018', '\u0018'), U&'\0019', '\u0019'), U&'\001a', '\u001a'), U&'\001b', '\u001b'), U&'\001c', '\u001c'), U&'\001d', '\u001d'), U&'\001e', '\u001e'), U&'\001f', '\u001f'), '"', '\"') ELSE _d0 END, '"'), ']') AS _key, _start, _end, _d0, _a0_0 AS _c0, _pending, _version
FROM (SELECT _d0, window_start AS _start, window_end AS _end, COUNT(_v0) AS _a0_0, MAX(_offset) + 1 AS _version, COUNT(*) FILTER (WHERE _late AND _until <= window_end) AS _pending FROM TABLE(HOP(TABLE `event-volume.events`, DESCRIPTOR(_rowtime), INTERVAL '60.000' SECOND(2, 3), INTERVAL '600.000' SECOND(3, 3))) GROUP BY window_start, window_end, _d0 HAVING COUNT(*) FILTER (WHERE NOT _late) > 0));

CREATE TEMPORARY TABLE `unusual-volume.alerts` (
  `id` STRING NOT NULL,
  `anomaly` STRING NOT NULL,
  `metric` STRING NOT NULL,
  `measure` STRING NOT NULL,
  `key` STRING NOT NULL,
  `window_start` TIMESTAMP(3) NOT NULL,
  `window_end` TIMESTAMP(3) NOT NULL,
  `value` DOUBLE NOT NULL,
  `median` DOUBLE NOT NULL,
  `spread` DOUBLE NOT NULL,
  `score` DOUBLE NOT NULL,
  `version` BIGINT NOT NULL
) WITH (
  'connector' = 'kafka',
  'topic' = 'unusual-volume.alerts',
  'properties.bootstrap.servers' = 'kafka:9092',
  'key.format' = 'raw',
  'key.fields' = 'key',
  'sink.delivery-guarantee' = 'exactly-once',
  'sink.transactional-id-prefix' = 'shop-unusual-volume.alerts',
  'properties.transaction.timeout.ms' = '900000',
  'value.avro-confluent.schema' = '{"type":"record","name":"unusual_volume_alerts","namespace":"millrace","fields":[{"name":"id","type":"string"},{"name":"anomaly","type":"string"},{"name":"metric","type":"string"},{"name":"measure","type":"string"},{"name":"key","type":"string"},{"name":"window_start","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"window_end","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"value","type":"double"},{"name":"median","type":"double"},{"name":"spread","type":"double"},{"name":"score","type":"double"},{"name":"version","type":"long"}]}',
  'value.avro-confluent.subject' = 'unusual-volume.alerts-value',
  'value.format' = 'avro-confluent',
  'value.avro-confluent.url' = 'http://registry:8081'
);

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `page-view-counts.rows`
SELECT 'upsert', _key, _start, _end, _d0, _c0, COALESCE(FALSE, FALSE), TRUE, _pending, CAST(0 AS BIGINT), _version
FROM (SELECT CONCAT('[', CASE WHEN _d0 IS NULL THEN 'null' ELSE CONCAT('"', CASE WHEN REGEXP(_d0, '[\x00-\x1f"\\]') THEN REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(_d0, '\', '\\'), U&'\0000', '\u0000'), U&'\0001', '\u0001'), U&'\0002', '\u0002'), U&'\0003', '\u0003'), U&'\0004', '\u0004'), U&'\0005', '\u0005'), U&'\0006', '\u0006'), U&'\0007', '\u0007'), U&'\0008', '\b'), U&'\0009', '\t'), U&'\000a', '\n'), U&'\000b', '\u000b'), U&'\000c', '\f'), U&'\000d', '\r'), U&'\000e', '\u000e'), U&'\000f', '\u000f'), U&'\0010', '\u0010'), U&'\0011', '\u0011'), U&'\0012', '\u0012'), U&'\0013', '\u0013'), U&'\0014', '\u0014'), U&'\0015', '\u0015'), U&'\0016', '\u0016'), U&'\0017', '\u0017'), U&'\0018', '\u0018'), U&'\0019', '\u0019'), U&'\001a', '\u001a'), U&'\001b', '\u001b'), U&'\001c', '\u001c'), U&'\001d', '\u001d'), U&'\001e', '\u001e'), U&'\001f', '\u001f'), '"', '\"') ELSE _d0 END, '"') END, ']') AS _key, _start, _end, _d0, _a0_0 AS _c0, _pending, _version
FROM (SELECT _d0, window_start AS _start, window_end AS _end, COUNT(_v0) AS _a0_0, MAX(_offset) + 1 AS _version, COUNT(*) FILTER (WHERE _late) AS _pending FROM TABLE(TUMBLE(TABLE `page-view-counts.events`, DESCRIPTOR(_rowtime), INTERVAL '300.000' SECOND(3, 3))) GROUP BY window_start, window_end, _d0 HAVING COUNT(*) FILTER (WHERE NOT _late) > 0));

INSERT INTO `session-metrics.rows`
SELECT 'upsert', _key, _start, _end, _d0, _c0, _c1, _c2, COALESCE(_a1_0 > 10000, FALSE), TRUE, _pending, CAST(0 AS BIGINT), _version
FROM (SELECT CONCAT('[', CASE WHEN _d0 IS NULL THEN 'null' ELSE CONCAT('"', CASE WHEN REGEXP(_d0, '[\x00-\x1f"\\]') THEN REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(_d0, '\', '\\'), U&'\0000', '\u0000'), U&'\0001', '\u0001'), U&'\0002', '\u0002'), U&'\0003', '\u0003'), U&'\0004', '\u0004'), U&'\0005', '\u0005'), U&'\0006', '\u0006'), U&'\0007', '\u0007'), U&'\0008', '\b'), U&'\0009', '\t'), U&'\000a', '\n'), U&'\000b', '\u000b'), U&'\000c', '\f'), U&'\000d', '\r'), U&'\000e', '\u000e'), U&'\000f', '\u000f'), U&'\0010', '\u0010'), U&'\0011', '\u0011'), U&'\0012', '\u0012'), U&'\0013', '\u0013'), U&'\0014', '\u0014'), U&'\0015', '\u0015'), U&'\0016', '\u0016'), U&'\0017', '\u0017'), U&'\0018', '\u0018'), U&'\0019', '\u0019'), U&'\001a', '\u001a'), U&'\001b', '\u001b'), U&'\001c', '\u001c'), U&'\001d', '\u001d'), U&'\001e', '\u001e'), U&'\001f', '\u001f'), '"', '\"') ELSE _d0 END, '"') END, ']') AS _key, _start, _end, _d0, _a0_0 AS _c0, CASE WHEN _a1_0 > 10000 THEN CAST(10000 AS BIGINT) ELSE _a1_0 END AS _c1, _a1_0, _a2_0 AS _c2, _pending, _version
FROM (SELECT _d0, CAST(TO_TIMESTAMP_LTZ(MIN(_t), 3) AS TIMESTAMP(3)) AS _start, CAST(TO_TIMESTAMP_LTZ(MAX(_t), 3) AS TIMESTAMP(3)) AS _end, COUNT(_v0) AS _a0_0, COUNT(DISTINCT _v1) AS _a1_0, SUM(_v2) AS _a2_0, MAX(_offset) + 1 AS _version, CAST(0 AS BIGINT) AS _pending FROM TABLE(SESSION(TABLE `session-metrics.events` PARTITION BY (_d0), DESCRIPTOR(_rowtime), INTERVAL '1800.000' SECOND(4, 3))) GROUP BY window_start, window_end, _d0));

INSERT INTO `conversion-rates.rows`
SELECT 'upsert', _key, _start, _end, _d0, _c0, _c1, COALESCE(FALSE, FALSE), TRUE, _pending, CAST(0 AS BIGINT), _version
FROM (SELECT CONCAT('[', CASE WHEN _d0 IS NULL THEN 'null' ELSE CONCAT('"', CASE WHEN REGEXP(_d0, '[\x00-\x1f"\\]') THEN REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(_d0, '\', '\\'), U&'\0000', '\u0000'), U&'\0001', '\u0001'), U&'\0002', '\u0002'), U&'\0003', '\u0003'), U&'\0004', '\u0004'), U&'\0005', '\u0005'), U&'\0006', '\u0006'), U&'\0007', '\u0007'), U&'\0008', '\b'), U&'\0009', '\t'), U&'\000a', '\n'), U&'\000b', '\u000b'), U&'\000c', '\f'), U&'\000d', '\r'), U&'\000e', '\u000e'), U&'\000f', '\u000f'), U&'\0010', '\u0010'), U&'\0011', '\u0011'), U&'\0012', '\u0012'), U&'\0013', '\u0013'), U&'\0014', '\u0014'), U&'\0015', '\u0015'), U&'\0016', '\u0016'), U&'\0017', '\u0017'), U&'\0018', '\u0018'), U&'\0019', '\u0019'), U&'\001a', '\u001a'), U&'\001b', '\u001b'), U&'\001c', '\u001c'), U&'\001d', '\u001d'), U&'\001e', '\u001e'), U&'\001f', '\u001f'), '"', '\"') ELSE _d0 END, '"') END, ']') AS _key, _start, _end, _d0, _a0_0 AS _c0, _a1_0 AS _c1, _pending, _version
FROM (SELECT _d0, window_start AS _start, window_end AS _end, COUNT(_v0) AS _a0_0, COUNT(_v1) AS _a1_0, MAX(_offset) + 1 AS _version, COUNT(*) FILTER (WHERE _late) AS _pending FROM TABLE(TUMBLE(TABLE `conversion-rates.events`, DESCRIPTOR(_rowtime), INTERVAL '300.000' SECOND(3, 3))) GROUP BY window_start, window_end, _d0 HAVING COUNT(*) FILTER (WHERE NOT _late) > 0));

INSERT INTO `event-volume.rows`
SELECT 'upsert', _key, _start, _end, _d0, _c0, COALESCE(FALSE, FALSE), TRUE, _pending, CAST(0 AS BIGINT), _version
FROM (SELECT CONCAT('[', CONCAT('"', CASE WHEN REGEXP(_d0, '[\x00-\x1f"\\]') THEN REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(_d0, '\', '\\'), U&'\0000', '\u0000'), U&'\0001', '\u0001'), U&'\0002', '\u0002'), U&'\0003', '\u0003'), U&'\0004', '\u0004'), U&'\0005', '\u0005'), U&'\0006', '\u0006'), U&'\0007', '\u0007'), U&'\0008', '\b'), U&'\0009', '\t'), U&'\000a', '\n'), U&'\000b', '\u000b'), U&'\000c', '\f'), U&'\000d', '\r'), U&'\000e', '\u000e'), U&'\000f', '\u000f'), U&'\0010', '\u0010'), U&'\0011', '\u0011'), U&'\0012', '\u0012'), U&'\0013', '\u0013'), U&'\0014', '\u0014'), U&'\0015', '\u0015'), U&'\0016', '\u0016'), U&'\0017', '\u0017'), U&'\0018', '\u0018'), U&'\0019', '\u0019'), U&'\001a', '\u001a'), U&'\001b', '\u001b'), U&'\001c', '\u001c'), U&'\001d', '\u001d'), U&'\001e', '\u001e'), U&'\001f', '\u001f'), '"', '\"') ELSE _d0 END, '"'), ']') AS _key, _start, _end, _d0, _a0_0 AS _c0, _pending, _version
FROM (SELECT _d0, window_start AS _start, window_end AS _end, COUNT(_v0) AS _a0_0, MAX(_offset) + 1 AS _version, COUNT(*) FILTER (WHERE _late AND _until <= window_end) AS _pending FROM TABLE(HOP(TABLE `event-volume.events`, DESCRIPTOR(_rowtime), INTERVAL '60.000' SECOND(2, 3), INTERVAL '600.000' SECOND(3, 3))) GROUP BY window_start, window_end, _d0 HAVING COUNT(*) FILTER (WHERE NOT _late) > 0));

INSERT INTO `shop-revenue.rows`
SELECT 'upsert', _key, _start, _end, _d0, _d1, _c0, _c1, _c2, _c3, COALESCE((_a0_0 IS NOT NULL AND _c0 IS NULL), FALSE), TRUE, _pending, CAST(0 AS BIGINT), _version
FROM (SELECT CONCAT('[', CONCAT('"', CASE WHEN REGEXP(_d0, '[\x00-\x1f"\\]') THEN REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(_d0, '\', '\\'), U&'\0000', '\u0000'), U&'\0001', '\u0001'), U&'\0002', '\u0002'), U&'\0003', '\u0003'), U&'\0004', '\u0004'), U&'\0005', '\u0005'), U&'\0006', '\u0006'), U&'\0007', '\u0007'), U&'\0008', '\b'), U&'\0009', '\t'), U&'\000a', '\n'), U&'\000b', '\u000b'), U&'\000c', '\f'), U&'\000d', '\r'), U&'\000e', '\u000e'), U&'\000f', '\u000f'), U&'\0010', '\u0010'), U&'\0011', '\u0011'), U&'\0012', '\u0012'), U&'\0013', '\u0013'), U&'\0014', '\u0014'), U&'\0015', '\u0015'), U&'\0016', '\u0016'), U&'\0017', '\u0017'), U&'\0018', '\u0018'), U&'\0019', '\u0019'), U&'\001a', '\u001a'), U&'\001b', '\u001b'), U&'\001c', '\u001c'), U&'\001d', '\u001d'), U&'\001e', '\u001e'), U&'\001f', '\u001f'), '"', '\"') ELSE _d0 END, '"'), ',', CONCAT('"', CASE WHEN REGEXP(_d1, '[\x00-\x1f"\\]') THEN REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(_d1, '\', '\\'), U&'\0000', '\u0000'), U&'\0001', '\u0001'), U&'\0002', '\u0002'), U&'\0003', '\u0003'), U&'\0004', '\u0004'), U&'\0005', '\u0005'), U&'\0006', '\u0006'), U&'\0007', '\u0007'), U&'\0008', '\b'), U&'\0009', '\t'), U&'\000a', '\n'), U&'\000b', '\u000b'), U&'\000c', '\f'), U&'\000d', '\r'), U&'\000e', '\u000e'), U&'\000f', '\u000f'), U&'\0010', '\u0010'), U&'\0011', '\u0011'), U&'\0012', '\u0012'), U&'\0013', '\u0013'), U&'\0014', '\u0014'), U&'\0015', '\u0015'), U&'\0016', '\u0016'), U&'\0017', '\u0017'), U&'\0018', '\u0018'), U&'\0019', '\u0019'), U&'\001a', '\u001a'), U&'\001b', '\u001b'), U&'\001c', '\u001c'), U&'\001d', '\u001d'), U&'\001e', '\u001e'), U&'\001f', '\u001f'), '"', '\"') ELSE _d1 END, '"'), ']') AS _key, _start, _end, _d0, _d1, CAST(CONCAT(CAST(CAST((CAST((CAST((_a0_0 + CASE WHEN _a0_1 IS NOT NULL THEN CAST(CONCAT(CASE WHEN _a0_1 < 0 THEN '-' ELSE '' END, SUBSTRING(RIGHT(CONCAT('00000000000000000000000000000000000000', REPLACE(REPLACE(CAST(_a0_1 AS STRING), '.', ''), '-', '')), 38), 1, 19)) AS DECIMAL(38, 0)) END) - (CASE WHEN (_a0_0 + CASE WHEN _a0_1 IS NOT NULL THEN CAST(CONCAT(CASE WHEN _a0_1 < 0 THEN '-' ELSE '' END, SUBSTRING(RIGHT(CONCAT('00000000000000000000000000000000000000', REPLACE(REPLACE(CAST(_a0_1 AS STRING), '.', ''), '-', '')), 38), 1, 19)) AS DECIMAL(38, 0)) END) < 0 THEN -1 ELSE 1 END) AS DECIMAL(38, 0)) * CAST('10000000000000000000' AS DECIMAL(20, 0))) AS DECIMAL(38, 0)) + CAST(CASE WHEN _a0_1 IS NOT NULL THEN CAST(CONCAT(CASE WHEN _a0_1 < 0 THEN '-' ELSE '' END, SUBSTRING(RIGHT(CONCAT('00000000000000000000000000000000000000', REPLACE(REPLACE(CAST(_a0_1 AS STRING), '.', ''), '-', '')), 38), 20, 19)) AS DECIMAL(38, 0)) END + (CASE WHEN (_a0_0 + CASE WHEN _a0_1 IS NOT NULL THEN CAST(CONCAT(CASE WHEN _a0_1 < 0 THEN '-' ELSE '' END, SUBSTRING(RIGHT(CONCAT('00000000000000000000000000000000000000', REPLACE(REPLACE(CAST(_a0_1 AS STRING), '.', ''), '-', '')), 38), 1, 19)) AS DECIMAL(38, 0)) END) < 0 THEN -1 ELSE 1 END) * CAST('10000000000000000000' AS DECIMAL(20, 0)) AS DECIMAL(38, 0))) AS DECIMAL(38, 0)) AS STRING), 'E-4') AS DECIMAL(38, 4)) AS _c0, _a0_0, _a0_1, _a1_0 AS _c1, _a2_0 AS _c2, _a3_0 AS _c3, _pending, _version
FROM (SELECT _d0, _d1, window_start AS _start, window_end AS _end, SUM(CASE WHEN _v0 IS NOT NULL THEN CAST(CONCAT(CASE WHEN _v0 < 0 THEN '-' ELSE '' END, SUBSTRING(RIGHT(CONCAT('00000000000000000000000000000000000000', REPLACE(REPLACE(CAST(_v0 AS STRING), '.', ''), '-', '')), 38), 1, 19)) AS DECIMAL(38, 0)) END) AS _a0_0, SUM(CASE WHEN _v0 IS NOT NULL THEN CAST(CONCAT(CASE WHEN _v0 < 0 THEN '-' ELSE '' END, SUBSTRING(RIGHT(CONCAT('00000000000000000000000000000000000000', REPLACE(REPLACE(CAST(_v0 AS STRING), '.', ''), '-', '')), 38), 20, 19)) AS DECIMAL(38, 0)) END) AS _a0_1, SUM(_v1) AS _a1_0, SUM(_v2) AS _a2_0, COUNT(_v3) AS _a3_0, MAX(_offset) + 1 AS _version, COUNT(*) FILTER (WHERE _late) AS _pending FROM TABLE(TUMBLE(TABLE `shop-revenue.events`, DESCRIPTOR(_rowtime), INTERVAL '3600.000' SECOND(4, 3))) GROUP BY window_start, window_end, _d0, _d1 HAVING COUNT(*) FILTER (WHERE NOT _late) > 0));

INSERT INTO `unusual-volume.alerts`
SELECT id, 'unusual-volume', 'event-volume', 'events', _key, CAST(TO_TIMESTAMP_LTZ(window_start, 3) AS TIMESTAMP(3)), CAST(TO_TIMESTAMP_LTZ(window_end, 3) AS TIMESTAMP(3)), `value`, `median`, spread, score, version
FROM millrace_anomaly(`windows` => TABLE `unusual-volume.values` PARTITION BY _key, `history` => 60, `threshold` => CAST('4' AS DOUBLE), `floor` => CAST('1' AS DOUBLE), `warmUp` => 30, `everyMs` => CAST(60000 AS BIGINT), `meaning` => '5caeed5a5421676d', `uid` => '_unusual-volume-alerts');
END;
