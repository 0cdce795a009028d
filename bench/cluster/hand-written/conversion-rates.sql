-- What an engineer would write by hand for the shop's conversion-rates: only the fields that are needed, late events
-- and heartbeats left out, one row a window when the watermark of the received time has passed it.
CREATE TEMPORARY TABLE user_events (
  user_id STRING,
  anonymous_id STRING,
  event_type STRING NOT NULL,
  `timestamp` BIGINT NOT NULL,
  received_at BIGINT NOT NULL,
  _flags BIGINT NOT NULL,
  event_time AS TO_TIMESTAMP_LTZ(`timestamp`, 3),
  WATERMARK FOR event_time AS TO_TIMESTAMP_LTZ(received_at - 310001, 3)
) WITH (
  'connector' = 'kafka',
  'topic' = '${input}',
  'properties.bootstrap.servers' = '${bootstrap}',
  'properties.group.id' = '${job}',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'scan.bounded.mode' = 'latest-offset',
  'value.format' = 'avro-confluent',
  'value.avro-confluent.url' = '${registry}'
);

CREATE TEMPORARY VIEW on_time AS
SELECT event_time, event_type, COALESCE(user_id, anonymous_id) AS person
FROM user_events
WHERE event_type IN ('page_view', 'purchase')
  AND MOD(_flags / 4, 2) = 0 AND MOD(_flags / 32, 2) = 0
  AND received_at <= `timestamp` + 300000;

CREATE TEMPORARY TABLE conversion_rates (
  op STRING NOT NULL,
  `key` STRING NOT NULL,
  window_start TIMESTAMP(3) NOT NULL,
  window_end TIMESTAMP(3) NOT NULL,
  user_id STRING,
  rate__numerator BIGINT NOT NULL,
  rate__denominator BIGINT NOT NULL,
  incomplete BOOLEAN NOT NULL,
  closed BOOLEAN NOT NULL,
  late_pending BIGINT NOT NULL,
  generation BIGINT NOT NULL,
  version BIGINT NOT NULL
) WITH (
  'connector' = 'kafka',
  'topic' = '${rows}',
  'properties.bootstrap.servers' = '${bootstrap}',
  'properties.transaction.timeout.ms' = '900000',
  'sink.delivery-guarantee' = 'exactly-once',
  'sink.transactional-id-prefix' = '${job}',
  'key.format' = 'raw',
  'key.fields' = 'key',
  'value.format' = 'avro-confluent',
  'value.avro-confluent.url' = '${registry}',
  'value.avro-confluent.schema' = '${schema}',
  'value.avro-confluent.subject' = '${rows}-value'
);

INSERT INTO conversion_rates
SELECT 'upsert', JSON_ARRAY(person NULL ON NULL), window_start, window_end, person, purchases, page_views,
  FALSE, TRUE, CAST(0 AS BIGINT), CAST(0 AS BIGINT), CAST(1 AS BIGINT)
FROM (
  SELECT window_start, window_end, person,
    COUNT(*) FILTER (WHERE event_type = 'purchase') AS purchases,
    COUNT(*) FILTER (WHERE event_type = 'page_view') AS page_views
  FROM TABLE(TUMBLE(TABLE on_time, DESCRIPTOR(event_time), INTERVAL '5' MINUTES))
  GROUP BY window_start, window_end, person
)
