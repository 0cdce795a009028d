-- schema
CREATE TABLE IF NOT EXISTS `user-events` (
  `_offset` UInt64 CODEC(Delta, Default),
  `received_at` DateTime64(3, 'UTC') CODEC(Delta, Default),
  `_partition` UInt16 CODEC(Default),
  `_flags` UInt8 CODEC(Default),
  `event_id` String CODEC(Default),
  `user_id` Nullable(String) CODEC(Default),
  `anonymous_id` Nullable(String) CODEC(Default),
  `session_id` Nullable(String) CODEC(Default),
  `event_type` LowCardinality(String) CODEC(Default),
  `event_name` Nullable(String) CODEC(Default),
  `timestamp` DateTime64(3, 'UTC') CODEC(Delta, Default),
  `properties.page_url` Nullable(String) CODEC(Default),
  `properties.referrer` Nullable(String) CODEC(Default),
  `properties.user_agent` Nullable(String) CODEC(Default),
  `properties.device_type` LowCardinality(Nullable(String)) CODEC(Default),
  `properties.location.country` Nullable(String) CODEC(Default),
  `properties.location.region` Nullable(String) CODEC(Default),
  `properties.location.city` Nullable(String) CODEC(Default),
  `properties.price` Nullable(Decimal(18, 4)) CODEC(Default),
  `properties.currency` Nullable(String) CODEC(Default),
  `context.app_version` Nullable(String) CODEC(Default),
  `context.platform` LowCardinality(Nullable(String)) CODEC(Default),
  `context.screen_resolution` Nullable(String) CODEC(Default),
  `page_path` Nullable(String) CODEC(Default),
  `_in_dim_users_by_user_id_or_anonymous_id` Nullable(Bool) CODEC(Default),
  `_time_original` Nullable(DateTime64(3, 'UTC')) CODEC(Delta, Default),
  `_undeclared` Nullable(String) CODEC(Default),
  `_original` Nullable(String) CODEC(Default),
  INDEX `_by_id` `event_id` TYPE bloom_filter(0.01) GRANULARITY 1
) ENGINE = MergeTree
PARTITION BY toYYYYMM(`timestamp`)
ORDER BY (toStartOfHour(`timestamp`), `event_type`, `timestamp`, `_offset`)
SETTINGS non_replicated_deduplication_window = 10000, merge_selector_base = 16;

ALTER TABLE `user-events` ADD COLUMN IF NOT EXISTS `_offset` UInt64 CODEC(Delta, Default) FIRST, ADD COLUMN IF NOT EXISTS `received_at` DateTime64(3, 'UTC') CODEC(Delta, Default) AFTER `_offset`, ADD COLUMN IF NOT EXISTS `_partition` UInt16 CODEC(Default) AFTER `received_at`, ADD COLUMN IF NOT EXISTS `_flags` UInt8 CODEC(Default) AFTER `_partition`, ADD COLUMN IF NOT EXISTS `event_id` String CODEC(Default) AFTER `_flags`, ADD COLUMN IF NOT EXISTS `user_id` Nullable(String) CODEC(Default) AFTER `event_id`, ADD COLUMN IF NOT EXISTS `anonymous_id` Nullable(String) CODEC(Default) AFTER `user_id`, ADD COLUMN IF NOT EXISTS `session_id` Nullable(String) CODEC(Default) AFTER `anonymous_id`, ADD COLUMN IF NOT EXISTS `event_type` LowCardinality(String) CODEC(Default) AFTER `session_id`, ADD COLUMN IF NOT EXISTS `event_name` Nullable(String) CODEC(Default) AFTER `event_type`, ADD COLUMN IF NOT EXISTS `timestamp` DateTime64(3, 'UTC') CODEC(Delta, Default) AFTER `event_name`, ADD COLUMN IF NOT EXISTS `properties.page_url` Nullable(String) CODEC(Default) AFTER `timestamp`, ADD COLUMN IF NOT EXISTS `properties.referrer` Nullable(String) CODEC(Default) AFTER `properties.page_url`, ADD COLUMN IF NOT EXISTS `properties.user_agent` Nullable(String) CODEC(Default) AFTER `properties.referrer`, ADD COLUMN IF NOT EXISTS `properties.device_type` LowCardinality(Nullable(String)) CODEC(Default) AFTER `properties.user_agent`, ADD COLUMN IF NOT EXISTS `properties.location.country` Nullable(String) CODEC(Default) AFTER `properties.device_type`, ADD COLUMN IF NOT EXISTS `properties.location.region` Nullable(String) CODEC(Default) AFTER `properties.location.country`, ADD COLUMN IF NOT EXISTS `properties.location.city` Nullable(String) CODEC(Default) AFTER `properties.location.region`, ADD COLUMN IF NOT EXISTS `properties.price` Nullable(Decimal(18, 4)) CODEC(Default) AFTER `properties.location.city`, ADD COLUMN IF NOT EXISTS `properties.currency` Nullable(String) CODEC(Default) AFTER `properties.price`, ADD COLUMN IF NOT EXISTS `context.app_version` Nullable(String) CODEC(Default) AFTER `properties.currency`, ADD COLUMN IF NOT EXISTS `context.platform` LowCardinality(Nullable(String)) CODEC(Default) AFTER `context.app_version`, ADD COLUMN IF NOT EXISTS `context.screen_resolution` Nullable(String) CODEC(Default) AFTER `context.platform`, ADD COLUMN IF NOT EXISTS `page_path` Nullable(String) CODEC(Default) AFTER `context.screen_resolution`, ADD COLUMN IF NOT EXISTS `_in_dim_users_by_user_id_or_anonymous_id` Nullable(Bool) CODEC(Default) AFTER `page_path`, ADD COLUMN IF NOT EXISTS `_time_original` Nullable(DateTime64(3, 'UTC')) CODEC(Delta, Default) AFTER `_in_dim_users_by_user_id_or_anonymous_id`, ADD COLUMN IF NOT EXISTS `_undeclared` Nullable(String) CODEC(Default) AFTER `_time_original`, ADD COLUMN IF NOT EXISTS `_original` Nullable(String) CODEC(Default) AFTER `_undeclared`, ADD INDEX IF NOT EXISTS `_by_id` `event_id` TYPE bloom_filter(0.01) GRANULARITY 1;

CREATE TABLE IF NOT EXISTS `shop-events` (
  `_offset` UInt64 CODEC(Delta, Default),
  `received_at` DateTime64(3, 'UTC') CODEC(Delta, Default),
  `_partition` UInt16 CODEC(Default),
  `_flags` UInt8 CODEC(Default),
  `event_id` String CODEC(Default),
  `user_id` String CODEC(Default),
  `event_type` LowCardinality(String) CODEC(Default),
  `timestamp` DateTime64(3, 'UTC') CODEC(Delta, Default),
  `properties.product_id` String CODEC(Default),
  `properties.category` Nullable(String) CODEC(Default),
  `properties.price` Decimal(18, 4) CODEC(Default),
  `properties.quantity` Int64 CODEC(Default),
  `properties.currency` String CODEC(Default),
  `properties.discount_code` Nullable(String) CODEC(Default),
  `transaction.order_id` Nullable(String) CODEC(Default),
  `transaction.total_amount` Nullable(Decimal(18, 4)) CODEC(Default),
  `transaction.payment_method` Nullable(String) CODEC(Default),
  `_time_original` Nullable(DateTime64(3, 'UTC')) CODEC(Delta, Default),
  `_undeclared` Nullable(String) CODEC(Default),
  `_original` Nullable(String) CODEC(Default),
  INDEX `_by_id` `event_id` TYPE bloom_filter(0.01) GRANULARITY 1
) ENGINE = MergeTree
PARTITION BY toYYYYMM(`timestamp`)
ORDER BY (toStartOfHour(`timestamp`), `event_type`, `timestamp`, `_offset`)
SETTINGS non_replicated_deduplication_window = 10000, merge_selector_base = 16;

ALTER TABLE `shop-events` ADD COLUMN IF NOT EXISTS `_offset` UInt64 CODEC(Delta, Default) FIRST, ADD COLUMN IF NOT EXISTS `received_at` DateTime64(3, 'UTC') CODEC(Delta, Default) AFTER `_offset`, ADD COLUMN IF NOT EXISTS `_partition` UInt16 CODEC(Default) AFTER `received_at`, ADD COLUMN IF NOT EXISTS `_flags` UInt8 CODEC(Default) AFTER `_partition`, ADD COLUMN IF NOT EXISTS `event_id` String CODEC(Default) AFTER `_flags`, ADD COLUMN IF NOT EXISTS `user_id` String CODEC(Default) AFTER `event_id`, ADD COLUMN IF NOT EXISTS `event_type` LowCardinality(String) CODEC(Default) AFTER `user_id`, ADD COLUMN IF NOT EXISTS `timestamp` DateTime64(3, 'UTC') CODEC(Delta, Default) AFTER `event_type`, ADD COLUMN IF NOT EXISTS `properties.product_id` String CODEC(Default) AFTER `timestamp`, ADD COLUMN IF NOT EXISTS `properties.category` Nullable(String) CODEC(Default) AFTER `properties.product_id`, ADD COLUMN IF NOT EXISTS `properties.price` Decimal(18, 4) CODEC(Default) AFTER `properties.category`, ADD COLUMN IF NOT EXISTS `properties.quantity` Int64 CODEC(Default) AFTER `properties.price`, ADD COLUMN IF NOT EXISTS `properties.currency` String CODEC(Default) AFTER `properties.quantity`, ADD COLUMN IF NOT EXISTS `properties.discount_code` Nullable(String) CODEC(Default) AFTER `properties.currency`, ADD COLUMN IF NOT EXISTS `transaction.order_id` Nullable(String) CODEC(Default) AFTER `properties.discount_code`, ADD COLUMN IF NOT EXISTS `transaction.total_amount` Nullable(Decimal(18, 4)) CODEC(Default) AFTER `transaction.order_id`, ADD COLUMN IF NOT EXISTS `transaction.payment_method` Nullable(String) CODEC(Default) AFTER `transaction.total_amount`, ADD COLUMN IF NOT EXISTS `_time_original` Nullable(DateTime64(3, 'UTC')) CODEC(Delta, Default) AFTER `transaction.payment_method`, ADD COLUMN IF NOT EXISTS `_undeclared` Nullable(String) CODEC(Default) AFTER `_time_original`, ADD COLUMN IF NOT EXISTS `_original` Nullable(String) CODEC(Default) AFTER `_undeclared`, ADD INDEX IF NOT EXISTS `_by_id` `event_id` TYPE bloom_filter(0.01) GRANULARITY 1;

CREATE TABLE IF NOT EXISTS `dim_users` (
  `_offset` UInt64 CODEC(Delta, Default),
  `received_at` DateTime64(3, 'UTC') CODEC(Delta, Default),
  `_partition` UInt16 CODEC(Default),
  `_flags` UInt8 CODEC(Default),
  `event_id` String CODEC(Default),
  `timestamp` DateTime64(3, 'UTC') CODEC(Delta, Default),
  `user_id` String CODEC(Default),
  `country` Nullable(String) CODEC(Default),
  `region` Nullable(String) CODEC(Default),
  `email` Nullable(String) CODEC(Default),
  `_time_original` Nullable(DateTime64(3, 'UTC')) CODEC(Delta, Default),
  `_undeclared` Nullable(String) CODEC(Default),
  `_original` Nullable(String) CODEC(Default),
  INDEX `_by_id` `event_id` TYPE bloom_filter(0.01) GRANULARITY 1
) ENGINE = MergeTree
PARTITION BY toYYYYMM(`timestamp`)
ORDER BY (`user_id`, `timestamp`, `_offset`)
SETTINGS non_replicated_deduplication_window = 10000, merge_selector_base = 16;

ALTER TABLE `dim_users` ADD COLUMN IF NOT EXISTS `_offset` UInt64 CODEC(Delta, Default) FIRST, ADD COLUMN IF NOT EXISTS `received_at` DateTime64(3, 'UTC') CODEC(Delta, Default) AFTER `_offset`, ADD COLUMN IF NOT EXISTS `_partition` UInt16 CODEC(Default) AFTER `received_at`, ADD COLUMN IF NOT EXISTS `_flags` UInt8 CODEC(Default) AFTER `_partition`, ADD COLUMN IF NOT EXISTS `event_id` String CODEC(Default) AFTER `_flags`, ADD COLUMN IF NOT EXISTS `timestamp` DateTime64(3, 'UTC') CODEC(Delta, Default) AFTER `event_id`, ADD COLUMN IF NOT EXISTS `user_id` String CODEC(Default) AFTER `timestamp`, ADD COLUMN IF NOT EXISTS `country` Nullable(String) CODEC(Default) AFTER `user_id`, ADD COLUMN IF NOT EXISTS `region` Nullable(String) CODEC(Default) AFTER `country`, ADD COLUMN IF NOT EXISTS `email` Nullable(String) CODEC(Default) AFTER `region`, ADD COLUMN IF NOT EXISTS `_time_original` Nullable(DateTime64(3, 'UTC')) CODEC(Delta, Default) AFTER `email`, ADD COLUMN IF NOT EXISTS `_undeclared` Nullable(String) CODEC(Default) AFTER `_time_original`, ADD COLUMN IF NOT EXISTS `_original` Nullable(String) CODEC(Default) AFTER `_undeclared`, ADD INDEX IF NOT EXISTS `_by_id` `event_id` TYPE bloom_filter(0.01) GRANULARITY 1;

CREATE TABLE IF NOT EXISTS `paid-orders` (
  `_offset` UInt64 CODEC(Delta, Default),
  `received_at` DateTime64(3, 'UTC') CODEC(Delta, Default),
  `_partition` UInt16 CODEC(Default),
  `_flags` UInt8 CODEC(Default),
  `event_id` String CODEC(Default),
  `user_id` String CODEC(Default),
  `timestamp` DateTime64(3, 'UTC') CODEC(Delta, Default),
  `product_id` Nullable(String) CODEC(Default),
  `category` Nullable(String) CODEC(Default),
  `amount` Nullable(Decimal(38, 4)) CODEC(Default),
  `currency` Nullable(String) CODEC(Default),
  `country` Nullable(String) CODEC(Default),
  `_time_original` Nullable(DateTime64(3, 'UTC')) CODEC(Delta, Default),
  `_undeclared` Nullable(String) CODEC(Default),
  `_original` Nullable(String) CODEC(Default),
  INDEX `_by_id` `event_id` TYPE bloom_filter(0.01) GRANULARITY 1
) ENGINE = MergeTree
PARTITION BY toYYYYMM(`timestamp`)
ORDER BY (toStartOfHour(`timestamp`), `timestamp`, `_offset`)
SETTINGS non_replicated_deduplication_window = 10000, merge_selector_base = 16;

ALTER TABLE `paid-orders` ADD COLUMN IF NOT EXISTS `_offset` UInt64 CODEC(Delta, Default) FIRST, ADD COLUMN IF NOT EXISTS `received_at` DateTime64(3, 'UTC') CODEC(Delta, Default) AFTER `_offset`, ADD COLUMN IF NOT EXISTS `_partition` UInt16 CODEC(Default) AFTER `received_at`, ADD COLUMN IF NOT EXISTS `_flags` UInt8 CODEC(Default) AFTER `_partition`, ADD COLUMN IF NOT EXISTS `event_id` String CODEC(Default) AFTER `_flags`, ADD COLUMN IF NOT EXISTS `user_id` String CODEC(Default) AFTER `event_id`, ADD COLUMN IF NOT EXISTS `timestamp` DateTime64(3, 'UTC') CODEC(Delta, Default) AFTER `user_id`, ADD COLUMN IF NOT EXISTS `product_id` Nullable(String) CODEC(Default) AFTER `timestamp`, ADD COLUMN IF NOT EXISTS `category` Nullable(String) CODEC(Default) AFTER `product_id`, ADD COLUMN IF NOT EXISTS `amount` Nullable(Decimal(38, 4)) CODEC(Default) AFTER `category`, ADD COLUMN IF NOT EXISTS `currency` Nullable(String) CODEC(Default) AFTER `amount`, ADD COLUMN IF NOT EXISTS `country` Nullable(String) CODEC(Default) AFTER `currency`, ADD COLUMN IF NOT EXISTS `_time_original` Nullable(DateTime64(3, 'UTC')) CODEC(Delta, Default) AFTER `country`, ADD COLUMN IF NOT EXISTS `_undeclared` Nullable(String) CODEC(Default) AFTER `_time_original`, ADD COLUMN IF NOT EXISTS `_original` Nullable(String) CODEC(Default) AFTER `_undeclared`, ADD INDEX IF NOT EXISTS `_by_id` `event_id` TYPE bloom_filter(0.01) GRANULARITY 1;

CREATE OR REPLACE VIEW `dim_users__newest` AS
SELECT * FROM (SELECT * FROM `dim_users` ORDER BY `user_id`, `timestamp` DESC, `_partition` DESC, `_offset` DESC LIMIT 1 BY `user_id`) AS v WHERE bitAnd(v.`_flags`, 64) = 0;

CREATE TABLE IF NOT EXISTS `page-view-counts__2cfb8b3b` (
  `key` String CODEC(ZSTD(1)),
  `window_start` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  `window_end` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  `page_url` Nullable(String) CODEC(ZSTD(1)),
  `views` Int64 CODEC(ZSTD(1)),
  `incomplete` Bool CODEC(ZSTD(1)),
  `closed` Bool CODEC(ZSTD(1)),
  `late_pending` UInt32 CODEC(ZSTD(1)),
  `deleted` Bool CODEC(ZSTD(1)),
  `generation` UInt32 CODEC(ZSTD(1)),
  `version` UInt64 CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(`window_start`)
ORDER BY (`window_start`, `key`)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS `page-view-counts__2cfb8b3b__open` (
  `key` String CODEC(ZSTD(1)),
  `window_start` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  `window_end` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  `page_url` Nullable(String) CODEC(ZSTD(1)),
  `views` Int64 CODEC(ZSTD(1)),
  `incomplete` Bool CODEC(ZSTD(1)),
  `closed` Bool CODEC(ZSTD(1)),
  `late_pending` UInt32 CODEC(ZSTD(1)),
  `deleted` Bool CODEC(ZSTD(1)),
  `generation` UInt32 CODEC(ZSTD(1)),
  `version` UInt64 CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(`version`)
ORDER BY (`window_start`, `key`)
TTL toDateTime(`window_end`) + toIntervalDay(7)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS `session-metrics__5c57ddf6` (
  `key` String CODEC(ZSTD(1)),
  `window_start` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  `window_end` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  `user_id` Nullable(String) CODEC(ZSTD(1)),
  `events` Int64 CODEC(ZSTD(1)),
  `pages` Int64 CODEC(ZSTD(1)),
  `revenue` Nullable(Decimal(38, 4)) CODEC(ZSTD(1)),
  `incomplete` Bool CODEC(ZSTD(1)),
  `closed` Bool CODEC(ZSTD(1)),
  `late_pending` UInt32 CODEC(ZSTD(1)),
  `deleted` Bool CODEC(ZSTD(1)),
  `generation` UInt32 CODEC(ZSTD(1)),
  `version` UInt64 CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(`window_start`)
ORDER BY (`window_start`, `key`)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS `session-metrics__5c57ddf6__open` (
  `key` String CODEC(ZSTD(1)),
  `window_start` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  `window_end` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  `user_id` Nullable(String) CODEC(ZSTD(1)),
  `events` Int64 CODEC(ZSTD(1)),
  `pages` Int64 CODEC(ZSTD(1)),
  `revenue` Nullable(Decimal(38, 4)) CODEC(ZSTD(1)),
  `incomplete` Bool CODEC(ZSTD(1)),
  `closed` Bool CODEC(ZSTD(1)),
  `late_pending` UInt32 CODEC(ZSTD(1)),
  `deleted` Bool CODEC(ZSTD(1)),
  `generation` UInt32 CODEC(ZSTD(1)),
  `version` UInt64 CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(`version`)
ORDER BY (`window_start`, `key`)
TTL toDateTime(`window_end`) + toIntervalDay(8)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS `conversion-rates__16a8b48f` (
  `key` String CODEC(ZSTD(1)),
  `window_start` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  `window_end` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  `user_id` Nullable(String) CODEC(ZSTD(1)),
  `rate__numerator` Int64 CODEC(ZSTD(1)),
  `rate__denominator` Int64 CODEC(ZSTD(1)),
  `incomplete` Bool CODEC(ZSTD(1)),
  `closed` Bool CODEC(ZSTD(1)),
  `late_pending` UInt32 CODEC(ZSTD(1)),
  `deleted` Bool CODEC(ZSTD(1)),
  `generation` UInt32 CODEC(ZSTD(1)),
  `version` UInt64 CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(`window_start`)
ORDER BY (`window_start`, `key`)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS `conversion-rates__16a8b48f__open` (
  `key` String CODEC(ZSTD(1)),
  `window_start` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  `window_end` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  `user_id` Nullable(String) CODEC(ZSTD(1)),
  `rate__numerator` Int64 CODEC(ZSTD(1)),
  `rate__denominator` Int64 CODEC(ZSTD(1)),
  `incomplete` Bool CODEC(ZSTD(1)),
  `closed` Bool CODEC(ZSTD(1)),
  `late_pending` UInt32 CODEC(ZSTD(1)),
  `deleted` Bool CODEC(ZSTD(1)),
  `generation` UInt32 CODEC(ZSTD(1)),
  `version` UInt64 CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(`version`)
ORDER BY (`window_start`, `key`)
TTL toDateTime(`window_end`) + toIntervalDay(7)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS `event-volume__ea4d4aab` (
  `key` String CODEC(ZSTD(1)),
  `window_start` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  `window_end` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  `event_type` LowCardinality(String) CODEC(ZSTD(1)),
  `events` Int64 CODEC(ZSTD(1)),
  `incomplete` Bool CODEC(ZSTD(1)),
  `closed` Bool CODEC(ZSTD(1)),
  `late_pending` UInt32 CODEC(ZSTD(1)),
  `deleted` Bool CODEC(ZSTD(1)),
  `generation` UInt32 CODEC(ZSTD(1)),
  `version` UInt64 CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(`window_start`)
ORDER BY (`window_start`, `key`)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS `event-volume__ea4d4aab__open` (
  `key` String CODEC(ZSTD(1)),
  `window_start` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  `window_end` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  `event_type` LowCardinality(String) CODEC(ZSTD(1)),
  `events` Int64 CODEC(ZSTD(1)),
  `incomplete` Bool CODEC(ZSTD(1)),
  `closed` Bool CODEC(ZSTD(1)),
  `late_pending` UInt32 CODEC(ZSTD(1)),
  `deleted` Bool CODEC(ZSTD(1)),
  `generation` UInt32 CODEC(ZSTD(1)),
  `version` UInt64 CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(`version`)
ORDER BY (`window_start`, `key`)
TTL toDateTime(`window_end`) + toIntervalDay(7)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS `shop-revenue__7e705849` (
  `key` String CODEC(ZSTD(1)),
  `window_start` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  `window_end` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  `currency` String CODEC(ZSTD(1)),
  `event_type` LowCardinality(String) CODEC(ZSTD(1)),
  `revenue` Nullable(Decimal(38, 4)) CODEC(ZSTD(1)),
  `items` Nullable(Decimal(38, 0)) CODEC(ZSTD(1)),
  `average_price__sum` Nullable(Decimal(38, 4)) CODEC(ZSTD(1)),
  `average_price__count` Int64 CODEC(ZSTD(1)),
  `incomplete` Bool CODEC(ZSTD(1)),
  `closed` Bool CODEC(ZSTD(1)),
  `late_pending` UInt32 CODEC(ZSTD(1)),
  `deleted` Bool CODEC(ZSTD(1)),
  `generation` UInt32 CODEC(ZSTD(1)),
  `version` UInt64 CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(`window_start`)
ORDER BY (`window_start`, `key`)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS `shop-revenue__7e705849__open` (
  `key` String CODEC(ZSTD(1)),
  `window_start` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  `window_end` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  `currency` String CODEC(ZSTD(1)),
  `event_type` LowCardinality(String) CODEC(ZSTD(1)),
  `revenue` Nullable(Decimal(38, 4)) CODEC(ZSTD(1)),
  `items` Nullable(Decimal(38, 0)) CODEC(ZSTD(1)),
  `average_price__sum` Nullable(Decimal(38, 4)) CODEC(ZSTD(1)),
  `average_price__count` Int64 CODEC(ZSTD(1)),
  `incomplete` Bool CODEC(ZSTD(1)),
  `closed` Bool CODEC(ZSTD(1)),
  `late_pending` UInt32 CODEC(ZSTD(1)),
  `deleted` Bool CODEC(ZSTD(1)),
  `generation` UInt32 CODEC(ZSTD(1)),
  `version` UInt64 CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(`version`)
ORDER BY (`window_start`, `key`)
TTL toDateTime(`window_end`) + toIntervalDay(7)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS `user_sessions` (
  `_day` Date,
  `user_id` Nullable(String),
  `session_id` Nullable(String),
  `session_start` Nullable(DateTime64(3, 'UTC')),
  `session_end` Nullable(DateTime64(3, 'UTC')),
  `event_count` Int64,
  `unique_pages` Int64,
  `revenue` Nullable(Decimal(38, 4)),
  `session_duration` Nullable(Decimal(18, 4)),
  `_incomplete` Bool
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(`_day`)
ORDER BY (`_day`, ifNull(`user_id`, ''), ifNull(`session_id`, ''));

ALTER TABLE `user_sessions` ADD COLUMN IF NOT EXISTS `user_id` Nullable(String) AFTER `_day`, ADD COLUMN IF NOT EXISTS `session_id` Nullable(String) AFTER `user_id`, ADD COLUMN IF NOT EXISTS `session_start` Nullable(DateTime64(3, 'UTC')) AFTER `session_id`, ADD COLUMN IF NOT EXISTS `session_end` Nullable(DateTime64(3, 'UTC')) AFTER `session_start`, ADD COLUMN IF NOT EXISTS `event_count` Int64 AFTER `session_end`, ADD COLUMN IF NOT EXISTS `unique_pages` Int64 AFTER `event_count`, ADD COLUMN IF NOT EXISTS `revenue` Nullable(Decimal(38, 4)) AFTER `unique_pages`, ADD COLUMN IF NOT EXISTS `session_duration` Nullable(Decimal(18, 4)) AFTER `revenue`, ADD COLUMN IF NOT EXISTS `_incomplete` Bool AFTER `session_duration`;

CREATE TABLE IF NOT EXISTS `user_daily_metrics` (
  `_day` Date,
  `user_id` Nullable(String),
  `date` String,
  `session_count` Int64,
  `total_events` Nullable(Decimal(38, 0)),
  `total_time_spent` Nullable(Decimal(38, 4)),
  `daily_revenue` Nullable(Decimal(38, 4)),
  `avg_session_duration` Nullable(Decimal(38, 6)),
  `_incomplete` Bool
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(`_day`)
ORDER BY (`_day`, ifNull(`user_id`, ''));

ALTER TABLE `user_daily_metrics` ADD COLUMN IF NOT EXISTS `user_id` Nullable(String) AFTER `_day`, ADD COLUMN IF NOT EXISTS `date` String AFTER `user_id`, ADD COLUMN IF NOT EXISTS `session_count` Int64 AFTER `date`, ADD COLUMN IF NOT EXISTS `total_events` Nullable(Decimal(38, 0)) AFTER `session_count`, ADD COLUMN IF NOT EXISTS `total_time_spent` Nullable(Decimal(38, 4)) AFTER `total_events`, ADD COLUMN IF NOT EXISTS `daily_revenue` Nullable(Decimal(38, 4)) AFTER `total_time_spent`, ADD COLUMN IF NOT EXISTS `avg_session_duration` Nullable(Decimal(38, 6)) AFTER `daily_revenue`, ADD COLUMN IF NOT EXISTS `_incomplete` Bool AFTER `avg_session_duration`;

CREATE TABLE IF NOT EXISTS `geographic_metrics` (
  `_day` Date,
  `country` Nullable(String),
  `region` Nullable(String),
  `date` String,
  `revenue` Nullable(Decimal(38, 4)),
  `active_users` Int64,
  `avg_session_duration` Nullable(Decimal(38, 6)),
  `_incomplete` Bool
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(`_day`)
ORDER BY (`_day`, ifNull(`country`, ''), ifNull(`region`, ''));

ALTER TABLE `geographic_metrics` ADD COLUMN IF NOT EXISTS `country` Nullable(String) AFTER `_day`, ADD COLUMN IF NOT EXISTS `region` Nullable(String) AFTER `country`, ADD COLUMN IF NOT EXISTS `date` String AFTER `region`, ADD COLUMN IF NOT EXISTS `revenue` Nullable(Decimal(38, 4)) AFTER `date`, ADD COLUMN IF NOT EXISTS `active_users` Int64 AFTER `revenue`, ADD COLUMN IF NOT EXISTS `avg_session_duration` Nullable(Decimal(38, 6)) AFTER `active_users`, ADD COLUMN IF NOT EXISTS `_incomplete` Bool AFTER `avg_session_duration`;

CREATE TABLE IF NOT EXISTS `traffic__22462b03`
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(`day`)
ORDER BY (`day`, `event_type`, `page_path`, `platform`)
SETTINGS allow_nullable_key = 1, non_replicated_deduplication_window = 10000
EMPTY AS SELECT _time AS `day`, _d0 AS `event_type`, _d1 AS `page_path`, _d2 AS `platform`, _a0 AS `_state0`, _a1 AS `_state1`, _a2 AS `_state2` FROM (SELECT toDateTime(toDate(s.`timestamp`, 'UTC'), 'UTC') AS _time, s.`event_type` AS _d0, s.`page_path` AS _d1, s.`context.platform` AS _d2, countState(toUInt8(1)) AS _a0, uniqExactState(coalesce(s.`user_id`, s.`anonymous_id`)) AS _a1, sumState(if((s.`event_type` = 'purchase'), toDecimal128(s.`properties.price`, 4), NULL)) AS _a2 FROM `user-events` AS s GROUP BY _time, _d0, _d1, _d2);

CREATE MATERIALIZED VIEW IF NOT EXISTS `traffic__22462b03__feed` TO `traffic__22462b03` AS
SELECT _time AS `day`, _d0 AS `event_type`, _d1 AS `page_path`, _d2 AS `platform`, _a0 AS `_state0`, _a1 AS `_state1`, _a2 AS `_state2` FROM (SELECT toDateTime(toDate(s.`timestamp`, 'UTC'), 'UTC') AS _time, s.`event_type` AS _d0, s.`page_path` AS _d1, s.`context.platform` AS _d2, countState(toUInt8(1)) AS _a0, uniqExactState(coalesce(s.`user_id`, s.`anonymous_id`)) AS _a1, sumState(if((s.`event_type` = 'purchase'), toDecimal128(s.`properties.price`, 4), NULL)) AS _a2 FROM `user-events` AS s GROUP BY _time, _d0, _d1, _d2);

CREATE OR REPLACE VIEW `traffic` AS
SELECT `day`, `event_type`, `page_path`, `platform`, _v0 AS `events`, _v1 AS `people`, _v2 AS `revenue`, _incomplete AS `incomplete` FROM (SELECT `day`, `event_type`, `page_path`, `platform`, toInt64(_a0) AS _v0, toInt64(least(_a1, 10000)) AS _v1, _a2 AS _v2, CAST(_a1 > 10000 AS Bool) AS _incomplete FROM (SELECT `day`, `event_type`, `page_path`, `platform`, countMerge(`_state0`) AS _a0, uniqExactMerge(`_state1`) AS _a1, sumMerge(`_state2`) AS _a2 FROM `traffic__22462b03` GROUP BY `day`, `event_type`, `page_path`, `platform`));

CREATE OR REPLACE VIEW `page-view-counts` AS
SELECT `key`, `window_start`, `window_end`, `page_url`, r.`views` AS `views`, `incomplete`, `closed`, `late_pending`, `generation`, `version`
FROM (SELECT `key`, `window_start`, _row.1 AS `window_end`, `page_url`, _row.2 AS `views`, _row.3 AS `incomplete`, _row.4 AS `closed`, _row.5 AS `late_pending`, _row.6 AS `deleted`, _row.7 AS `generation`, _row.8 AS `version` FROM (SELECT `key`, `window_start`, `page_url`, argMax(tuple(`window_end`, `views`, `incomplete`, `closed`, `late_pending`, `deleted`, `generation`, `version`), (`generation`, `version`)) AS _row FROM (SELECT `key`, `window_start`, `window_end`, `page_url`, `views`, `incomplete`, `closed`, `late_pending`, `deleted`, `generation`, `version` FROM `page-view-counts__2cfb8b3b` UNION ALL SELECT `key`, `window_start`, `window_end`, `page_url`, `views`, `incomplete`, `closed`, `late_pending`, `deleted`, `generation`, `version` FROM `page-view-counts__2cfb8b3b__open`) GROUP BY `key`, `window_start`, `page_url`)) AS r
WHERE NOT `deleted`;

CREATE OR REPLACE VIEW `session-metrics` AS
SELECT `key`, `window_start`, `window_end`, `user_id`, r.`events` AS `events`, r.`pages` AS `pages`, r.`revenue` AS `revenue`, `incomplete`, `closed`, `late_pending`, `generation`, `version`
FROM (SELECT `key`, `window_start`, _row.1 AS `window_end`, `user_id`, _row.2 AS `events`, _row.3 AS `pages`, _row.4 AS `revenue`, _row.5 AS `incomplete`, _row.6 AS `closed`, _row.7 AS `late_pending`, _row.8 AS `deleted`, _row.9 AS `generation`, _row.10 AS `version` FROM (SELECT `key`, `window_start`, `user_id`, argMax(tuple(`window_end`, `events`, `pages`, `revenue`, `incomplete`, `closed`, `late_pending`, `deleted`, `generation`, `version`), (`generation`, `version`)) AS _row FROM (SELECT `key`, `window_start`, `window_end`, `user_id`, `events`, `pages`, `revenue`, `incomplete`, `closed`, `late_pending`, `deleted`, `generation`, `version` FROM `session-metrics__5c57ddf6` UNION ALL SELECT `key`, `window_start`, `window_end`, `user_id`, `events`, `pages`, `revenue`, `incomplete`, `closed`, `late_pending`, `deleted`, `generation`, `version` FROM `session-metrics__5c57ddf6__open`) GROUP BY `key`, `window_start`, `user_id`)) AS r
WHERE NOT `deleted`;

CREATE OR REPLACE VIEW `conversion-rates` AS
SELECT `key`, `window_start`, `window_end`, `user_id`, if(ifNull(r.`rate__denominator` = 0, true) OR ifNull(abs((toDecimal256(toInt256(intDiv(abs((toInt256(r.`rate__numerator`) * toInt256('1000000'))) * 2 + abs(if(ifNull(r.`rate__denominator` = 0, true), toInt256(1), assumeNotNull(toInt256(r.`rate__denominator`)))), abs(if(ifNull(r.`rate__denominator` = 0, true), toInt256(1), assumeNotNull(toInt256(r.`rate__denominator`)))) * 2) * sign((toInt256(r.`rate__numerator`) * toInt256('1000000'))) * sign(if(ifNull(r.`rate__denominator` = 0, true), toInt256(1), assumeNotNull(toInt256(r.`rate__denominator`))))), 0) * toDecimal256('0.000001', 6))) > toDecimal256('99999999999999999999999999999999.999999', 6), false), NULL, toDecimal128((toDecimal256(toInt256(intDiv(abs((toInt256(r.`rate__numerator`) * toInt256('1000000'))) * 2 + abs(if(ifNull(r.`rate__denominator` = 0, true), toInt256(1), assumeNotNull(toInt256(r.`rate__denominator`)))), abs(if(ifNull(r.`rate__denominator` = 0, true), toInt256(1), assumeNotNull(toInt256(r.`rate__denominator`)))) * 2) * sign((toInt256(r.`rate__numerator`) * toInt256('1000000'))) * sign(if(ifNull(r.`rate__denominator` = 0, true), toInt256(1), assumeNotNull(toInt256(r.`rate__denominator`))))), 0) * toDecimal256('0.000001', 6)), 6)) AS `rate`, `incomplete`, `closed`, `late_pending`, `generation`, `version`
FROM (SELECT `key`, `window_start`, _row.1 AS `window_end`, `user_id`, _row.2 AS `rate__numerator`, _row.3 AS `rate__denominator`, _row.4 AS `incomplete`, _row.5 AS `closed`, _row.6 AS `late_pending`, _row.7 AS `deleted`, _row.8 AS `generation`, _row.9 AS `version` FROM (SELECT `key`, `window_start`, `user_id`, argMax(tuple(`window_end`, `rate__numerator`, `rate__denominator`, `incomplete`, `closed`, `late_pending`, `deleted`, `generation`, `version`), (`generation`, `version`)) AS _row FROM (SELECT `key`, `window_start`, `window_end`, `user_id`, `rate__numerator`, `rate__denominator`, `incomplete`, `closed`, `late_pending`, `deleted`, `generation`, `version` FROM `conversion-rates__16a8b48f` UNION ALL SELECT `key`, `window_start`, `window_end`, `user_id`, `rate__numerator`, `rate__denominator`, `incomplete`, `closed`, `late_pending`, `deleted`, `generation`, `version` FROM `conversion-rates__16a8b48f__open`) GROUP BY `key`, `window_start`, `user_id`)) AS r
WHERE NOT `deleted`;

CREATE OR REPLACE VIEW `event-volume` AS
SELECT `key`, `window_start`, `window_end`, `event_type`, r.`events` AS `events`, `incomplete`, `closed`, `late_pending`, `generation`, `version`
FROM (SELECT `key`, `window_start`, _row.1 AS `window_end`, `event_type`, _row.2 AS `events`, _row.3 AS `incomplete`, _row.4 AS `closed`, _row.5 AS `late_pending`, _row.6 AS `deleted`, _row.7 AS `generation`, _row.8 AS `version` FROM (SELECT `key`, `window_start`, `event_type`, argMax(tuple(`window_end`, `events`, `incomplete`, `closed`, `late_pending`, `deleted`, `generation`, `version`), (`generation`, `version`)) AS _row FROM (SELECT `key`, `window_start`, `window_end`, `event_type`, `events`, `incomplete`, `closed`, `late_pending`, `deleted`, `generation`, `version` FROM `event-volume__ea4d4aab` UNION ALL SELECT `key`, `window_start`, `window_end`, `event_type`, `events`, `incomplete`, `closed`, `late_pending`, `deleted`, `generation`, `version` FROM `event-volume__ea4d4aab__open`) GROUP BY `key`, `window_start`, `event_type`)) AS r
WHERE NOT `deleted`;

CREATE OR REPLACE VIEW `shop-revenue` AS
SELECT `key`, `window_start`, `window_end`, `currency`, `event_type`, r.`revenue` AS `revenue`, r.`items` AS `items`, if(ifNull(r.`average_price__count` = 0, true) OR ifNull(abs((toDecimal256(toInt256(intDiv(abs((toInt256(toDecimal256(r.`average_price__sum`, 4) * toDecimal256('10000', 0)) * toInt256('100'))) * 2 + abs(if(ifNull(r.`average_price__count` = 0, true), toInt256(1), assumeNotNull(toInt256(r.`average_price__count`)))), abs(if(ifNull(r.`average_price__count` = 0, true), toInt256(1), assumeNotNull(toInt256(r.`average_price__count`)))) * 2) * sign((toInt256(toDecimal256(r.`average_price__sum`, 4) * toDecimal256('10000', 0)) * toInt256('100'))) * sign(if(ifNull(r.`average_price__count` = 0, true), toInt256(1), assumeNotNull(toInt256(r.`average_price__count`))))), 0) * toDecimal256('0.000001', 6))) > toDecimal256('99999999999999999999999999999999.999999', 6), false), NULL, toDecimal128((toDecimal256(toInt256(intDiv(abs((toInt256(toDecimal256(r.`average_price__sum`, 4) * toDecimal256('10000', 0)) * toInt256('100'))) * 2 + abs(if(ifNull(r.`average_price__count` = 0, true), toInt256(1), assumeNotNull(toInt256(r.`average_price__count`)))), abs(if(ifNull(r.`average_price__count` = 0, true), toInt256(1), assumeNotNull(toInt256(r.`average_price__count`)))) * 2) * sign((toInt256(toDecimal256(r.`average_price__sum`, 4) * toDecimal256('10000', 0)) * toInt256('100'))) * sign(if(ifNull(r.`average_price__count` = 0, true), toInt256(1), assumeNotNull(toInt256(r.`average_price__count`))))), 0) * toDecimal256('0.000001', 6)), 6)) AS `average_price`, `incomplete`, `closed`, `late_pending`, `generation`, `version`
FROM (SELECT `key`, `window_start`, _row.1 AS `window_end`, `currency`, `event_type`, _row.2 AS `revenue`, _row.3 AS `items`, _row.4 AS `average_price__sum`, _row.5 AS `average_price__count`, _row.6 AS `incomplete`, _row.7 AS `closed`, _row.8 AS `late_pending`, _row.9 AS `deleted`, _row.10 AS `generation`, _row.11 AS `version` FROM (SELECT `key`, `window_start`, `currency`, `event_type`, argMax(tuple(`window_end`, `revenue`, `items`, `average_price__sum`, `average_price__count`, `incomplete`, `closed`, `late_pending`, `deleted`, `generation`, `version`), (`generation`, `version`)) AS _row FROM (SELECT `key`, `window_start`, `window_end`, `currency`, `event_type`, `revenue`, `items`, `average_price__sum`, `average_price__count`, `incomplete`, `closed`, `late_pending`, `deleted`, `generation`, `version` FROM `shop-revenue__7e705849` UNION ALL SELECT `key`, `window_start`, `window_end`, `currency`, `event_type`, `revenue`, `items`, `average_price__sum`, `average_price__count`, `incomplete`, `closed`, `late_pending`, `deleted`, `generation`, `version` FROM `shop-revenue__7e705849__open`) GROUP BY `key`, `window_start`, `currency`, `event_type`)) AS r
WHERE NOT `deleted`;


-- page-view-counts, on-time
SELECT concat('[', if(isNull(_d0), 'null', assumeNotNull(concat('"', if(match(assumeNotNull(_d0), '[\\x00-\\x1f"\\\\]'), arrayStringConcat(arrayMap(c -> transform(c, ['\x00','\x01','\x02','\x03','\x04','\x05','\x06','\x07','\x08','\x09','\x0a','\x0b','\x0c','\x0d','\x0e','\x0f','\x10','\x11','\x12','\x13','\x14','\x15','\x16','\x17','\x18','\x19','\x1a','\x1b','\x1c','\x1d','\x1e','\x1f','\x22','\x5c'], ['\\u0000','\\u0001','\\u0002','\\u0003','\\u0004','\\u0005','\\u0006','\\u0007','\\b','\\t','\\n','\\u000b','\\f','\\r','\\u000e','\\u000f','\\u0010','\\u0011','\\u0012','\\u0013','\\u0014','\\u0015','\\u0016','\\u0017','\\u0018','\\u0019','\\u001a','\\u001b','\\u001c','\\u001d','\\u001e','\\u001f','\\"','\\\\'], c), splitByString('', assumeNotNull(_d0)))), assumeNotNull(_d0)), '"'))), ']') AS `key`, fromUnixTimestamp64Milli(_start, 'UTC') AS `window_start`, fromUnixTimestamp64Milli(_end, 'UTC') AS `window_end`, _d0 AS `page_url`, toInt64(_a0) AS `views`, CAST(false AS Bool) AS `incomplete`, toUInt32(_pending) AS `late_pending` FROM (SELECT _d0, intDiv(_t, 300000) * 300000 AS _start, _start + 300000 AS _end, count(_v0) AS _a0, countIf(_late AND _r <= _end + 300000) AS _pending FROM (SELECT toUnixTimestamp64Milli(s.`timestamp`) AS _t, s.`properties.page_url` AS _d0, if(bitAnd(s._flags, 4) = 0 AND toUnixTimestamp64Milli(s.received_at) <= toUnixTimestamp64Milli(s.`timestamp`) + 300000, toUInt8(1), NULL) AS _v0, toUnixTimestamp64Milli(s.received_at) AS _r, NOT (bitAnd(s._flags, 4) = 0 AND toUnixTimestamp64Milli(s.received_at) <= toUnixTimestamp64Milli(s.`timestamp`) + 300000) AS _late FROM events AS s WHERE ((s.`timestamp` >= fromUnixTimestamp64Milli(toInt64(1773014400000), 'UTC')) AND (s.`timestamp` < fromUnixTimestamp64Milli(toInt64(1773100800000), 'UTC'))) AND ((s.`event_type` = 'page_view'))) GROUP BY _d0, _start HAVING countIf(NOT _late) > 0)

-- page-view-counts, all
SELECT concat('[', if(isNull(_d0), 'null', assumeNotNull(concat('"', if(match(assumeNotNull(_d0), '[\\x00-\\x1f"\\\\]'), arrayStringConcat(arrayMap(c -> transform(c, ['\x00','\x01','\x02','\x03','\x04','\x05','\x06','\x07','\x08','\x09','\x0a','\x0b','\x0c','\x0d','\x0e','\x0f','\x10','\x11','\x12','\x13','\x14','\x15','\x16','\x17','\x18','\x19','\x1a','\x1b','\x1c','\x1d','\x1e','\x1f','\x22','\x5c'], ['\\u0000','\\u0001','\\u0002','\\u0003','\\u0004','\\u0005','\\u0006','\\u0007','\\b','\\t','\\n','\\u000b','\\f','\\r','\\u000e','\\u000f','\\u0010','\\u0011','\\u0012','\\u0013','\\u0014','\\u0015','\\u0016','\\u0017','\\u0018','\\u0019','\\u001a','\\u001b','\\u001c','\\u001d','\\u001e','\\u001f','\\"','\\\\'], c), splitByString('', assumeNotNull(_d0)))), assumeNotNull(_d0)), '"'))), ']') AS `key`, fromUnixTimestamp64Milli(_start, 'UTC') AS `window_start`, fromUnixTimestamp64Milli(_end, 'UTC') AS `window_end`, _d0 AS `page_url`, toInt64(_a0) AS `views`, CAST(false AS Bool) AS `incomplete`, toUInt32(_pending) AS `late_pending` FROM (SELECT _d0, intDiv(_t, 300000) * 300000 AS _start, _start + 300000 AS _end, count(_v0) AS _a0, 0 AS _pending FROM (SELECT toUnixTimestamp64Milli(s.`timestamp`) AS _t, s.`properties.page_url` AS _d0, toUInt8(1) AS _v0 FROM events AS s WHERE ((s.`timestamp` >= fromUnixTimestamp64Milli(toInt64(1773014400000), 'UTC')) AND (s.`timestamp` < fromUnixTimestamp64Milli(toInt64(1773100800000), 'UTC'))) AND ((s.`event_type` = 'page_view'))) GROUP BY _d0, _start)

-- page-view-counts, amended
INSERT INTO `page-view-counts__2cfb8b3b` (`key`, `window_start`, `window_end`, `page_url`, `views`, `incomplete`, `closed`, `late_pending`, `deleted`, `generation`, `version`) SELECT _key, fromUnixTimestamp64Milli(_start, 'UTC'), if(_new, _new_2, _old_2), if(_new, _new_3, _old_3), if(_new, _new_4, _old_4), if(_new, _new_5, _old_5), true, 0, NOT _new, 7, 0 FROM (SELECT * FROM (SELECT if(c._new, c._key, s._key) AS _key, if(c._new, c._start, s._start) AS _start, c._new AS _new, s._old AS _old, _new AND _old AND ifNull(c._new_2 = s._old_2, isNull(c._new_2) AND isNull(s._old_2)) AND ifNull(c._new_4 = s._old_4, isNull(c._new_4) AND isNull(s._old_4)) AND ifNull(c._new_5 = s._old_5, isNull(c._new_5) AND isNull(s._old_5)) AS _same, c._new_late AS _counted, s._old_late AS _pending, c._new_open OR s._old_open AS _open, c._new_2 AS _new_2, s._old_2 AS _old_2, c._new_3 AS _new_3, s._old_3 AS _old_3, c._new_4 AS _new_4, s._old_4 AS _old_4, c._new_5 AS _new_5, s._old_5 AS _old_5 FROM (SELECT `key` AS _key, toUnixTimestamp64Milli(`window_start`) AS _start, true AS _new, toUnixTimestamp64Milli(window_end) + 0 > 1773014400000 AS _new_open, `late_pending` AS _new_late, CAST(`window_end` AS DateTime64(3, 'UTC')) AS _new_2, CAST(`page_url` AS Nullable(String)) AS _new_3, CAST(`views` AS Int64) AS _new_4, CAST(`incomplete` AS Bool) AS _new_5 FROM (SELECT concat('[', if(isNull(_d0), 'null', assumeNotNull(concat('"', if(match(assumeNotNull(_d0), '[\\x00-\\x1f"\\\\]'), arrayStringConcat(arrayMap(c -> transform(c, ['\x00','\x01','\x02','\x03','\x04','\x05','\x06','\x07','\x08','\x09','\x0a','\x0b','\x0c','\x0d','\x0e','\x0f','\x10','\x11','\x12','\x13','\x14','\x15','\x16','\x17','\x18','\x19','\x1a','\x1b','\x1c','\x1d','\x1e','\x1f','\x22','\x5c'], ['\\u0000','\\u0001','\\u0002','\\u0003','\\u0004','\\u0005','\\u0006','\\u0007','\\b','\\t','\\n','\\u000b','\\f','\\r','\\u000e','\\u000f','\\u0010','\\u0011','\\u0012','\\u0013','\\u0014','\\u0015','\\u0016','\\u0017','\\u0018','\\u0019','\\u001a','\\u001b','\\u001c','\\u001d','\\u001e','\\u001f','\\"','\\\\'], c), splitByString('', assumeNotNull(_d0)))), assumeNotNull(_d0)), '"'))), ']') AS `key`, fromUnixTimestamp64Milli(_start, 'UTC') AS `window_start`, fromUnixTimestamp64Milli(_end, 'UTC') AS `window_end`, _d0 AS `page_url`, toInt64(_a0) AS `views`, CAST(false AS Bool) AS `incomplete`, toUInt32(_pending) AS `late_pending` FROM (SELECT _d0, intDiv(_t, 300000) * 300000 AS _start, _start + 300000 AS _end, count(_v0) AS _a0, 0 AS _pending FROM (SELECT toUnixTimestamp64Milli(s.`timestamp`) AS _t, s.`properties.page_url` AS _d0, toUInt8(1) AS _v0 FROM events AS s WHERE ((s.`timestamp` >= fromUnixTimestamp64Milli(toInt64(1773014400000), 'UTC')) AND (s.`timestamp` < fromUnixTimestamp64Milli(toInt64(1773100800000), 'UTC'))) AND ((s.`event_type` = 'page_view'))) GROUP BY _d0, _start))) AS c FULL JOIN (SELECT `key` AS _key, toUnixTimestamp64Milli(`window_start`) AS _start, true AS _old, toUnixTimestamp64Milli(window_end) + 0 > 1773014400000 AS _old_open, `late_pending` AS _old_late, CAST(`window_end` AS DateTime64(3, 'UTC')) AS _old_2, CAST(`page_url` AS Nullable(String)) AS _old_3, CAST(`views` AS Int64) AS _old_4, CAST(`incomplete` AS Bool) AS _old_5 FROM (SELECT `key`, `window_start`, _row.1 AS `window_end`, `page_url`, _row.2 AS `views`, _row.3 AS `incomplete`, _row.4 AS `closed`, _row.5 AS `late_pending`, _row.6 AS `deleted`, _row.7 AS `generation`, _row.8 AS `version` FROM (SELECT `key`, `window_start`, `page_url`, argMax(tuple(`window_end`, `views`, `incomplete`, `closed`, `late_pending`, `deleted`, `generation`, `version`), (`generation`, `version`)) AS _row FROM (SELECT `key`, `window_start`, `window_end`, `page_url`, `views`, `incomplete`, `closed`, `late_pending`, `deleted`, `generation`, `version` FROM `page-view-counts__2cfb8b3b` WHERE `window_start` >= fromUnixTimestamp64Milli(toInt64(1773014400000), 'UTC') AND `window_start` < fromUnixTimestamp64Milli(toInt64(1773100800000), 'UTC') UNION ALL SELECT `key`, `window_start`, `window_end`, `page_url`, `views`, `incomplete`, `closed`, `late_pending`, `deleted`, `generation`, `version` FROM `page-view-counts__2cfb8b3b__open` WHERE `window_start` >= fromUnixTimestamp64Milli(toInt64(1773014400000), 'UTC') AND `window_start` < fromUnixTimestamp64Milli(toInt64(1773100800000), 'UTC')) GROUP BY `key`, `window_start`, `page_url`)) WHERE NOT `deleted`) AS s ON c._key = s._key AND c._start = s._start SETTINGS join_use_nulls = 0) WHERE NOT _open) WHERE NOT _same OR _pending > 0

-- session-metrics, on-time
SELECT concat('[', if(isNull(_d0), 'null', assumeNotNull(concat('"', if(match(assumeNotNull(_d0), '[\\x00-\\x1f"\\\\]'), arrayStringConcat(arrayMap(c -> transform(c, ['\x00','\x01','\x02','\x03','\x04','\x05','\x06','\x07','\x08','\x09','\x0a','\x0b','\x0c','\x0d','\x0e','\x0f','\x10','\x11','\x12','\x13','\x14','\x15','\x16','\x17','\x18','\x19','\x1a','\x1b','\x1c','\x1d','\x1e','\x1f','\x22','\x5c'], ['\\u0000','\\u0001','\\u0002','\\u0003','\\u0004','\\u0005','\\u0006','\\u0007','\\b','\\t','\\n','\\u000b','\\f','\\r','\\u000e','\\u000f','\\u0010','\\u0011','\\u0012','\\u0013','\\u0014','\\u0015','\\u0016','\\u0017','\\u0018','\\u0019','\\u001a','\\u001b','\\u001c','\\u001d','\\u001e','\\u001f','\\"','\\\\'], c), splitByString('', assumeNotNull(_d0)))), assumeNotNull(_d0)), '"'))), ']') AS `key`, fromUnixTimestamp64Milli(_start, 'UTC') AS `window_start`, fromUnixTimestamp64Milli(_end, 'UTC') AS `window_end`, _d0 AS `user_id`, toInt64(_a0) AS `events`, toInt64(least(_a1, 10000)) AS `pages`, _a2 AS `revenue`, CAST(_a1 > 10000 AS Bool) AS `incomplete`, toUInt32(_pending) AS `late_pending` FROM (SELECT _d0, _start, _end, _a0, _a1, _a2, arrayCount(x -> x.1 >= _start - 1800000 AND x.1 <= _end + 1800000 AND x.2 <= _end + 2100000, _lates) AS _pending FROM (SELECT *, concat('[', if(isNull(_d0), 'null', assumeNotNull(concat('"', if(match(assumeNotNull(_d0), '[\\x00-\\x1f"\\\\]'), arrayStringConcat(arrayMap(c -> transform(c, ['\x00','\x01','\x02','\x03','\x04','\x05','\x06','\x07','\x08','\x09','\x0a','\x0b','\x0c','\x0d','\x0e','\x0f','\x10','\x11','\x12','\x13','\x14','\x15','\x16','\x17','\x18','\x19','\x1a','\x1b','\x1c','\x1d','\x1e','\x1f','\x22','\x5c'], ['\\u0000','\\u0001','\\u0002','\\u0003','\\u0004','\\u0005','\\u0006','\\u0007','\\b','\\t','\\n','\\u000b','\\f','\\r','\\u000e','\\u000f','\\u0010','\\u0011','\\u0012','\\u0013','\\u0014','\\u0015','\\u0016','\\u0017','\\u0018','\\u0019','\\u001a','\\u001b','\\u001c','\\u001d','\\u001e','\\u001f','\\"','\\\\'], c), splitByString('', assumeNotNull(_d0)))), assumeNotNull(_d0)), '"'))), ']') AS _key FROM (SELECT _d0, _start, max(_t) AS _end, count(_v0) AS _a0, uniqExact(_v1) AS _a1, sum(_v2) AS _a2 FROM (SELECT *, max(_begin) OVER (PARTITION BY _d0 ORDER BY _t ASC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS _start FROM (SELECT *, if(_t - lagInFrame(_t, 1, toInt64(-4611686018427387904)) OVER (PARTITION BY _d0 ORDER BY _t ASC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) > 1800000, _t, toInt64(-4611686018427387904)) AS _begin FROM (SELECT toUnixTimestamp64Milli(s.`timestamp`) AS _t, coalesce(s.`user_id`, s.`anonymous_id`) AS _d0, toUInt8(1) AS _v0, s.`properties.page_url` AS _v1, if((s.`event_type` = 'purchase'), toDecimal128(s.`properties.price`, 4), NULL) AS _v2 FROM events AS s WHERE ((s.`timestamp` >= fromUnixTimestamp64Milli(toInt64(1773012600000), 'UTC')) AND (s.`timestamp` < fromUnixTimestamp64Milli(toInt64(1773187200000), 'UTC'))) AND (bitAnd(s._flags, 4) = 0 AND toUnixTimestamp64Milli(s.received_at) <= toUnixTimestamp64Milli(s.`timestamp`) + 300000)))) WHERE _start >= 1773014400000 AND _start < 1773100800000 GROUP BY _d0, _start)) AS o LEFT JOIN (SELECT concat('[', if(isNull(_d0), 'null', assumeNotNull(concat('"', if(match(assumeNotNull(_d0), '[\\x00-\\x1f"\\\\]'), arrayStringConcat(arrayMap(c -> transform(c, ['\x00','\x01','\x02','\x03','\x04','\x05','\x06','\x07','\x08','\x09','\x0a','\x0b','\x0c','\x0d','\x0e','\x0f','\x10','\x11','\x12','\x13','\x14','\x15','\x16','\x17','\x18','\x19','\x1a','\x1b','\x1c','\x1d','\x1e','\x1f','\x22','\x5c'], ['\\u0000','\\u0001','\\u0002','\\u0003','\\u0004','\\u0005','\\u0006','\\u0007','\\b','\\t','\\n','\\u000b','\\f','\\r','\\u000e','\\u000f','\\u0010','\\u0011','\\u0012','\\u0013','\\u0014','\\u0015','\\u0016','\\u0017','\\u0018','\\u0019','\\u001a','\\u001b','\\u001c','\\u001d','\\u001e','\\u001f','\\"','\\\\'], c), splitByString('', assumeNotNull(_d0)))), assumeNotNull(_d0)), '"'))), ']') AS _key, groupArray((_t, _r)) AS _lates FROM (SELECT toUnixTimestamp64Milli(s.`timestamp`) AS _t, coalesce(s.`user_id`, s.`anonymous_id`) AS _d0, toUnixTimestamp64Milli(s.received_at) AS _r FROM events AS s WHERE ((s.`timestamp` >= fromUnixTimestamp64Milli(toInt64(1773012600000), 'UTC')) AND (s.`timestamp` < fromUnixTimestamp64Milli(toInt64(1773187200000), 'UTC'))) AND (NOT (bitAnd(s._flags, 4) = 0 AND toUnixTimestamp64Milli(s.received_at) <= toUnixTimestamp64Milli(s.`timestamp`) + 300000))) GROUP BY _key) AS l ON o._key = l._key)

-- session-metrics, all
SELECT concat('[', if(isNull(_d0), 'null', assumeNotNull(concat('"', if(match(assumeNotNull(_d0), '[\\x00-\\x1f"\\\\]'), arrayStringConcat(arrayMap(c -> transform(c, ['\x00','\x01','\x02','\x03','\x04','\x05','\x06','\x07','\x08','\x09','\x0a','\x0b','\x0c','\x0d','\x0e','\x0f','\x10','\x11','\x12','\x13','\x14','\x15','\x16','\x17','\x18','\x19','\x1a','\x1b','\x1c','\x1d','\x1e','\x1f','\x22','\x5c'], ['\\u0000','\\u0001','\\u0002','\\u0003','\\u0004','\\u0005','\\u0006','\\u0007','\\b','\\t','\\n','\\u000b','\\f','\\r','\\u000e','\\u000f','\\u0010','\\u0011','\\u0012','\\u0013','\\u0014','\\u0015','\\u0016','\\u0017','\\u0018','\\u0019','\\u001a','\\u001b','\\u001c','\\u001d','\\u001e','\\u001f','\\"','\\\\'], c), splitByString('', assumeNotNull(_d0)))), assumeNotNull(_d0)), '"'))), ']') AS `key`, fromUnixTimestamp64Milli(_start, 'UTC') AS `window_start`, fromUnixTimestamp64Milli(_end, 'UTC') AS `window_end`, _d0 AS `user_id`, toInt64(_a0) AS `events`, toInt64(least(_a1, 10000)) AS `pages`, _a2 AS `revenue`, CAST(_a1 > 10000 AS Bool) AS `incomplete`, toUInt32(_pending) AS `late_pending` FROM (SELECT *, 0 AS _pending FROM (SELECT _d0, _start, max(_t) AS _end, count(_v0) AS _a0, uniqExact(_v1) AS _a1, sum(_v2) AS _a2 FROM (SELECT *, max(_begin) OVER (PARTITION BY _d0 ORDER BY _t ASC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS _start FROM (SELECT *, if(_t - lagInFrame(_t, 1, toInt64(-4611686018427387904)) OVER (PARTITION BY _d0 ORDER BY _t ASC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) > 1800000, _t, toInt64(-4611686018427387904)) AS _begin FROM (SELECT toUnixTimestamp64Milli(s.`timestamp`) AS _t, coalesce(s.`user_id`, s.`anonymous_id`) AS _d0, toUInt8(1) AS _v0, s.`properties.page_url` AS _v1, if((s.`event_type` = 'purchase'), toDecimal128(s.`properties.price`, 4), NULL) AS _v2 FROM events AS s WHERE ((s.`timestamp` >= fromUnixTimestamp64Milli(toInt64(1773012600000), 'UTC')) AND (s.`timestamp` < fromUnixTimestamp64Milli(toInt64(1773187200000), 'UTC')))))) WHERE _start >= 1773014400000 AND _start < 1773100800000 GROUP BY _d0, _start))

-- session-metrics, amended
INSERT INTO `session-metrics__5c57ddf6` (`key`, `window_start`, `window_end`, `user_id`, `events`, `pages`, `revenue`, `incomplete`, `closed`, `late_pending`, `deleted`, `generation`, `version`) SELECT _key, fromUnixTimestamp64Milli(_start, 'UTC'), if(_new, _new_2, _old_2), if(_new, _new_3, _old_3), if(_new, _new_4, _old_4), if(_new, _new_5, _old_5), if(_new, _new_6, _old_6), if(_new, _new_7, _old_7), true, 0, NOT _new, 7, 0 FROM (SELECT * FROM (SELECT *, min(if(_open, _start, 9007199254740991)) OVER (PARTITION BY _key) AS _first_open FROM (SELECT if(c._new, c._key, s._key) AS _key, if(c._new, c._start, s._start) AS _start, c._new AS _new, s._old AS _old, _new AND _old AND ifNull(c._new_2 = s._old_2, isNull(c._new_2) AND isNull(s._old_2)) AND ifNull(c._new_4 = s._old_4, isNull(c._new_4) AND isNull(s._old_4)) AND ifNull(c._new_5 = s._old_5, isNull(c._new_5) AND isNull(s._old_5)) AND ifNull(c._new_6 = s._old_6, isNull(c._new_6) AND isNull(s._old_6)) AND ifNull(c._new_7 = s._old_7, isNull(c._new_7) AND isNull(s._old_7)) AS _same, c._new_late AS _counted, s._old_late AS _pending, c._new_open OR s._old_open AS _open, c._new_2 AS _new_2, s._old_2 AS _old_2, c._new_3 AS _new_3, s._old_3 AS _old_3, c._new_4 AS _new_4, s._old_4 AS _old_4, c._new_5 AS _new_5, s._old_5 AS _old_5, c._new_6 AS _new_6, s._old_6 AS _old_6, c._new_7 AS _new_7, s._old_7 AS _old_7 FROM (SELECT `key` AS _key, toUnixTimestamp64Milli(`window_start`) AS _start, true AS _new, toUnixTimestamp64Milli(window_end) + 1800000 > 1773014400000 AS _new_open, `late_pending` AS _new_late, CAST(`window_end` AS DateTime64(3, 'UTC')) AS _new_2, CAST(`user_id` AS Nullable(String)) AS _new_3, CAST(`events` AS Int64) AS _new_4, CAST(`pages` AS Int64) AS _new_5, CAST(`revenue` AS Nullable(Decimal(38, 4))) AS _new_6, CAST(`incomplete` AS Bool) AS _new_7 FROM (SELECT concat('[', if(isNull(_d0), 'null', assumeNotNull(concat('"', if(match(assumeNotNull(_d0), '[\\x00-\\x1f"\\\\]'), arrayStringConcat(arrayMap(c -> transform(c, ['\x00','\x01','\x02','\x03','\x04','\x05','\x06','\x07','\x08','\x09','\x0a','\x0b','\x0c','\x0d','\x0e','\x0f','\x10','\x11','\x12','\x13','\x14','\x15','\x16','\x17','\x18','\x19','\x1a','\x1b','\x1c','\x1d','\x1e','\x1f','\x22','\x5c'], ['\\u0000','\\u0001','\\u0002','\\u0003','\\u0004','\\u0005','\\u0006','\\u0007','\\b','\\t','\\n','\\u000b','\\f','\\r','\\u000e','\\u000f','\\u0010','\\u0011','\\u0012','\\u0013','\\u0014','\\u0015','\\u0016','\\u0017','\\u0018','\\u0019','\\u001a','\\u001b','\\u001c','\\u001d','\\u001e','\\u001f','\\"','\\\\'], c), splitByString('', assumeNotNull(_d0)))), assumeNotNull(_d0)), '"'))), ']') AS `key`, fromUnixTimestamp64Milli(_start, 'UTC') AS `window_start`, fromUnixTimestamp64Milli(_end, 'UTC') AS `window_end`, _d0 AS `user_id`, toInt64(_a0) AS `events`, toInt64(least(_a1, 10000)) AS `pages`, _a2 AS `revenue`, CAST(_a1 > 10000 AS Bool) AS `incomplete`, toUInt32(_pending) AS `late_pending` FROM (SELECT *, 0 AS _pending FROM (SELECT _d0, _start, max(_t) AS _end, count(_v0) AS _a0, uniqExact(_v1) AS _a1, sum(_v2) AS _a2 FROM (SELECT *, max(_begin) OVER (PARTITION BY _d0 ORDER BY _t ASC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS _start FROM (SELECT *, if(_t - lagInFrame(_t, 1, toInt64(-4611686018427387904)) OVER (PARTITION BY _d0 ORDER BY _t ASC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) > 1800000, _t, toInt64(-4611686018427387904)) AS _begin FROM (SELECT toUnixTimestamp64Milli(s.`timestamp`) AS _t, coalesce(s.`user_id`, s.`anonymous_id`) AS _d0, toUInt8(1) AS _v0, s.`properties.page_url` AS _v1, if((s.`event_type` = 'purchase'), toDecimal128(s.`properties.price`, 4), NULL) AS _v2 FROM events AS s WHERE ((s.`timestamp` >= fromUnixTimestamp64Milli(toInt64(1773012600000), 'UTC')) AND (s.`timestamp` < fromUnixTimestamp64Milli(toInt64(1773187200000), 'UTC')))))) WHERE _start >= 1773014400000 AND _start < 1773100800000 GROUP BY _d0, _start)))) AS c FULL JOIN (SELECT `key` AS _key, toUnixTimestamp64Milli(`window_start`) AS _start, true AS _old, toUnixTimestamp64Milli(window_end) + 1800000 > 1773014400000 AS _old_open, `late_pending` AS _old_late, CAST(`window_end` AS DateTime64(3, 'UTC')) AS _old_2, CAST(`user_id` AS Nullable(String)) AS _old_3, CAST(`events` AS Int64) AS _old_4, CAST(`pages` AS Int64) AS _old_5, CAST(`revenue` AS Nullable(Decimal(38, 4))) AS _old_6, CAST(`incomplete` AS Bool) AS _old_7 FROM (SELECT `key`, `window_start`, _row.1 AS `window_end`, `user_id`, _row.2 AS `events`, _row.3 AS `pages`, _row.4 AS `revenue`, _row.5 AS `incomplete`, _row.6 AS `closed`, _row.7 AS `late_pending`, _row.8 AS `deleted`, _row.9 AS `generation`, _row.10 AS `version` FROM (SELECT `key`, `window_start`, `user_id`, argMax(tuple(`window_end`, `events`, `pages`, `revenue`, `incomplete`, `closed`, `late_pending`, `deleted`, `generation`, `version`), (`generation`, `version`)) AS _row FROM (SELECT `key`, `window_start`, `window_end`, `user_id`, `events`, `pages`, `revenue`, `incomplete`, `closed`, `late_pending`, `deleted`, `generation`, `version` FROM `session-metrics__5c57ddf6` WHERE `window_start` >= fromUnixTimestamp64Milli(toInt64(1773014400000), 'UTC') AND `window_start` < fromUnixTimestamp64Milli(toInt64(1773100800000), 'UTC') UNION ALL SELECT `key`, `window_start`, `window_end`, `user_id`, `events`, `pages`, `revenue`, `incomplete`, `closed`, `late_pending`, `deleted`, `generation`, `version` FROM `session-metrics__5c57ddf6__open` WHERE `window_start` >= fromUnixTimestamp64Milli(toInt64(1773014400000), 'UTC') AND `window_start` < fromUnixTimestamp64Milli(toInt64(1773100800000), 'UTC')) GROUP BY `key`, `window_start`, `user_id`)) WHERE NOT `deleted`) AS s ON c._key = s._key AND c._start = s._start SETTINGS join_use_nulls = 0)) WHERE _start < _first_open) WHERE NOT _same OR _pending > 0

-- conversion-rates, on-time
SELECT concat('[', if(isNull(_d0), 'null', assumeNotNull(concat('"', if(match(assumeNotNull(_d0), '[\\x00-\\x1f"\\\\]'), arrayStringConcat(arrayMap(c -> transform(c, ['\x00','\x01','\x02','\x03','\x04','\x05','\x06','\x07','\x08','\x09','\x0a','\x0b','\x0c','\x0d','\x0e','\x0f','\x10','\x11','\x12','\x13','\x14','\x15','\x16','\x17','\x18','\x19','\x1a','\x1b','\x1c','\x1d','\x1e','\x1f','\x22','\x5c'], ['\\u0000','\\u0001','\\u0002','\\u0003','\\u0004','\\u0005','\\u0006','\\u0007','\\b','\\t','\\n','\\u000b','\\f','\\r','\\u000e','\\u000f','\\u0010','\\u0011','\\u0012','\\u0013','\\u0014','\\u0015','\\u0016','\\u0017','\\u0018','\\u0019','\\u001a','\\u001b','\\u001c','\\u001d','\\u001e','\\u001f','\\"','\\\\'], c), splitByString('', assumeNotNull(_d0)))), assumeNotNull(_d0)), '"'))), ']') AS `key`, fromUnixTimestamp64Milli(_start, 'UTC') AS `window_start`, fromUnixTimestamp64Milli(_end, 'UTC') AS `window_end`, _d0 AS `user_id`, toInt64(_a0) AS `rate__numerator`, toInt64(_a1) AS `rate__denominator`, CAST(false AS Bool) AS `incomplete`, toUInt32(_pending) AS `late_pending` FROM (SELECT _d0, intDiv(_t, 300000) * 300000 AS _start, _start + 300000 AS _end, count(_v0) AS _a0, count(_v1) AS _a1, countIf(_late AND _r <= _end + 300000) AS _pending FROM (SELECT toUnixTimestamp64Milli(s.`timestamp`) AS _t, coalesce(s.`user_id`, s.`anonymous_id`) AS _d0, if(bitAnd(s._flags, 4) = 0 AND toUnixTimestamp64Milli(s.received_at) <= toUnixTimestamp64Milli(s.`timestamp`) + 300000, if((s.`event_type` = 'purchase'), toUInt8(1), NULL), NULL) AS _v0, if(bitAnd(s._flags, 4) = 0 AND toUnixTimestamp64Milli(s.received_at) <= toUnixTimestamp64Milli(s.`timestamp`) + 300000, if((s.`event_type` = 'page_view'), toUInt8(1), NULL), NULL) AS _v1, toUnixTimestamp64Milli(s.received_at) AS _r, NOT (bitAnd(s._flags, 4) = 0 AND toUnixTimestamp64Milli(s.received_at) <= toUnixTimestamp64Milli(s.`timestamp`) + 300000) AS _late FROM events AS s WHERE ((s.`timestamp` >= fromUnixTimestamp64Milli(toInt64(1773014400000), 'UTC')) AND (s.`timestamp` < fromUnixTimestamp64Milli(toInt64(1773100800000), 'UTC'))) AND ((s.`event_type` IN ('page_view', 'purchase')))) GROUP BY _d0, _start HAVING countIf(NOT _late) > 0)

-- conversion-rates, all
SELECT concat('[', if(isNull(_d0), 'null', assumeNotNull(concat('"', if(match(assumeNotNull(_d0), '[\\x00-\\x1f"\\\\]'), arrayStringConcat(arrayMap(c -> transform(c, ['\x00','\x01','\x02','\x03','\x04','\x05','\x06','\x07','\x08','\x09','\x0a','\x0b','\x0c','\x0d','\x0e','\x0f','\x10','\x11','\x12','\x13','\x14','\x15','\x16','\x17','\x18','\x19','\x1a','\x1b','\x1c','\x1d','\x1e','\x1f','\x22','\x5c'], ['\\u0000','\\u0001','\\u0002','\\u0003','\\u0004','\\u0005','\\u0006','\\u0007','\\b','\\t','\\n','\\u000b','\\f','\\r','\\u000e','\\u000f','\\u0010','\\u0011','\\u0012','\\u0013','\\u0014','\\u0015','\\u0016','\\u0017','\\u0018','\\u0019','\\u001a','\\u001b','\\u001c','\\u001d','\\u001e','\\u001f','\\"','\\\\'], c), splitByString('', assumeNotNull(_d0)))), assumeNotNull(_d0)), '"'))), ']') AS `key`, fromUnixTimestamp64Milli(_start, 'UTC') AS `window_start`, fromUnixTimestamp64Milli(_end, 'UTC') AS `window_end`, _d0 AS `user_id`, toInt64(_a0) AS `rate__numerator`, toInt64(_a1) AS `rate__denominator`, CAST(false AS Bool) AS `incomplete`, toUInt32(_pending) AS `late_pending` FROM (SELECT _d0, intDiv(_t, 300000) * 300000 AS _start, _start + 300000 AS _end, count(_v0) AS _a0, count(_v1) AS _a1, 0 AS _pending FROM (SELECT toUnixTimestamp64Milli(s.`timestamp`) AS _t, coalesce(s.`user_id`, s.`anonymous_id`) AS _d0, if((s.`event_type` = 'purchase'), toUInt8(1), NULL) AS _v0, if((s.`event_type` = 'page_view'), toUInt8(1), NULL) AS _v1 FROM events AS s WHERE ((s.`timestamp` >= fromUnixTimestamp64Milli(toInt64(1773014400000), 'UTC')) AND (s.`timestamp` < fromUnixTimestamp64Milli(toInt64(1773100800000), 'UTC'))) AND ((s.`event_type` IN ('page_view', 'purchase')))) GROUP BY _d0, _start)

-- conversion-rates, amended
INSERT INTO `conversion-rates__16a8b48f` (`key`, `window_start`, `window_end`, `user_id`, `rate__numerator`, `rate__denominator`, `incomplete`, `closed`, `late_pending`, `deleted`, `generation`, `version`) SELECT _key, fromUnixTimestamp64Milli(_start, 'UTC'), if(_new, _new_2, _old_2), if(_new, _new_3, _old_3), if(_new, _new_4, _old_4), if(_new, _new_5, _old_5), if(_new, _new_6, _old_6), true, 0, NOT _new, 7, 0 FROM (SELECT * FROM (SELECT if(c._new, c._key, s._key) AS _key, if(c._new, c._start, s._start) AS _start, c._new AS _new, s._old AS _old, _new AND _old AND ifNull(c._new_2 = s._old_2, isNull(c._new_2) AND isNull(s._old_2)) AND ifNull(c._new_4 = s._old_4, isNull(c._new_4) AND isNull(s._old_4)) AND ifNull(c._new_5 = s._old_5, isNull(c._new_5) AND isNull(s._old_5)) AND ifNull(c._new_6 = s._old_6, isNull(c._new_6) AND isNull(s._old_6)) AS _same, c._new_late AS _counted, s._old_late AS _pending, c._new_open OR s._old_open AS _open, c._new_2 AS _new_2, s._old_2 AS _old_2, c._new_3 AS _new_3, s._old_3 AS _old_3, c._new_4 AS _new_4, s._old_4 AS _old_4, c._new_5 AS _new_5, s._old_5 AS _old_5, c._new_6 AS _new_6, s._old_6 AS _old_6 FROM (SELECT `key` AS _key, toUnixTimestamp64Milli(`window_start`) AS _start, true AS _new, toUnixTimestamp64Milli(window_end) + 0 > 1773014400000 AS _new_open, `late_pending` AS _new_late, CAST(`window_end` AS DateTime64(3, 'UTC')) AS _new_2, CAST(`user_id` AS Nullable(String)) AS _new_3, CAST(`rate__numerator` AS Int64) AS _new_4, CAST(`rate__denominator` AS Int64) AS _new_5, CAST(`incomplete` AS Bool) AS _new_6 FROM (SELECT concat('[', if(isNull(_d0), 'null', assumeNotNull(concat('"', if(match(assumeNotNull(_d0), '[\\x00-\\x1f"\\\\]'), arrayStringConcat(arrayMap(c -> transform(c, ['\x00','\x01','\x02','\x03','\x04','\x05','\x06','\x07','\x08','\x09','\x0a','\x0b','\x0c','\x0d','\x0e','\x0f','\x10','\x11','\x12','\x13','\x14','\x15','\x16','\x17','\x18','\x19','\x1a','\x1b','\x1c','\x1d','\x1e','\x1f','\x22','\x5c'], ['\\u0000','\\u0001','\\u0002','\\u0003','\\u0004','\\u0005','\\u0006','\\u0007','\\b','\\t','\\n','\\u000b','\\f','\\r','\\u000e','\\u000f','\\u0010','\\u0011','\\u0012','\\u0013','\\u0014','\\u0015','\\u0016','\\u0017','\\u0018','\\u0019','\\u001a','\\u001b','\\u001c','\\u001d','\\u001e','\\u001f','\\"','\\\\'], c), splitByString('', assumeNotNull(_d0)))), assumeNotNull(_d0)), '"'))), ']') AS `key`, fromUnixTimestamp64Milli(_start, 'UTC') AS `window_start`, fromUnixTimestamp64Milli(_end, 'UTC') AS `window_end`, _d0 AS `user_id`, toInt64(_a0) AS `rate__numerator`, toInt64(_a1) AS `rate__denominator`, CAST(false AS Bool) AS `incomplete`, toUInt32(_pending) AS `late_pending` FROM (SELECT _d0, intDiv(_t, 300000) * 300000 AS _start, _start + 300000 AS _end, count(_v0) AS _a0, count(_v1) AS _a1, 0 AS _pending FROM (SELECT toUnixTimestamp64Milli(s.`timestamp`) AS _t, coalesce(s.`user_id`, s.`anonymous_id`) AS _d0, if((s.`event_type` = 'purchase'), toUInt8(1), NULL) AS _v0, if((s.`event_type` = 'page_view'), toUInt8(1), NULL) AS _v1 FROM events AS s WHERE ((s.`timestamp` >= fromUnixTimestamp64Milli(toInt64(1773014400000), 'UTC')) AND (s.`timestamp` < fromUnixTimestamp64Milli(toInt64(1773100800000), 'UTC'))) AND ((s.`event_type` IN ('page_view', 'purchase')))) GROUP BY _d0, _start))) AS c FULL JOIN (SELECT `key` AS _key, toUnixTimestamp64Milli(`window_start`) AS _start, true AS _old, toUnixTimestamp64Milli(window_end) + 0 > 1773014400000 AS _old_open, `late_pending` AS _old_late, CAST(`window_end` AS DateTime64(3, 'UTC')) AS _old_2, CAST(`user_id` AS Nullable(String)) AS _old_3, CAST(`rate__numerator` AS Int64) AS _old_4, CAST(`rate__denominator` AS Int64) AS _old_5, CAST(`incomplete` AS Bool) AS _old_6 FROM (SELECT `key`, `window_start`, _row.1 AS `window_end`, `user_id`, _row.2 AS `rate__numerator`, _row.3 AS `rate__denominator`, _row.4 AS `incomplete`, _row.5 AS `closed`, _row.6 AS `late_pending`, _row.7 AS `deleted`, _row.8 AS `generation`, _row.9 AS `version` FROM (SELECT `key`, `window_start`, `user_id`, argMax(tuple(`window_end`, `rate__numerator`, `rate__denominator`, `incomplete`, `closed`, `late_pending`, `deleted`, `generation`, `version`), (`generation`, `version`)) AS _row FROM (SELECT `key`, `window_start`, `window_end`, `user_id`, `rate__numerator`, `rate__denominator`, `incomplete`, `closed`, `late_pending`, `deleted`, `generation`, `version` FROM `conversion-rates__16a8b48f` WHERE `window_start` >= fromUnixTimestamp64Milli(toInt64(1773014400000), 'UTC') AND `window_start` < fromUnixTimestamp64Milli(toInt64(1773100800000), 'UTC') UNION ALL SELECT `key`, `window_start`, `window_end`, `user_id`, `rate__numerator`, `rate__denominator`, `incomplete`, `closed`, `late_pending`, `deleted`, `generation`, `version` FROM `conversion-rates__16a8b48f__open` WHERE `window_start` >= fromUnixTimestamp64Milli(toInt64(1773014400000), 'UTC') AND `window_start` < fromUnixTimestamp64Milli(toInt64(1773100800000), 'UTC')) GROUP BY `key`, `window_start`, `user_id`)) WHERE NOT `deleted`) AS s ON c._key = s._key AND c._start = s._start SETTINGS join_use_nulls = 0) WHERE NOT _open) WHERE NOT _same OR _pending > 0

-- event-volume, on-time
SELECT concat('[', concat('"', if(match(_d0, '[\\x00-\\x1f"\\\\]'), arrayStringConcat(arrayMap(c -> transform(c, ['\x00','\x01','\x02','\x03','\x04','\x05','\x06','\x07','\x08','\x09','\x0a','\x0b','\x0c','\x0d','\x0e','\x0f','\x10','\x11','\x12','\x13','\x14','\x15','\x16','\x17','\x18','\x19','\x1a','\x1b','\x1c','\x1d','\x1e','\x1f','\x22','\x5c'], ['\\u0000','\\u0001','\\u0002','\\u0003','\\u0004','\\u0005','\\u0006','\\u0007','\\b','\\t','\\n','\\u000b','\\f','\\r','\\u000e','\\u000f','\\u0010','\\u0011','\\u0012','\\u0013','\\u0014','\\u0015','\\u0016','\\u0017','\\u0018','\\u0019','\\u001a','\\u001b','\\u001c','\\u001d','\\u001e','\\u001f','\\"','\\\\'], c), splitByString('', _d0))), _d0), '"'), ']') AS `key`, fromUnixTimestamp64Milli(_start, 'UTC') AS `window_start`, fromUnixTimestamp64Milli(_end, 'UTC') AS `window_end`, _d0 AS `event_type`, toInt64(_a0) AS `events`, CAST(false AS Bool) AS `incomplete`, toUInt32(_pending) AS `late_pending` FROM (SELECT _d0, _start, _start + 600000 AS _end, countMerge(_s0) AS _a0, arrayCount(r -> r <= _start + 900000, groupArrayArray(_lates)) AS _pending FROM (SELECT *, arrayJoin(arrayMap(i -> intDiv(_pane, 60000) * 60000 - i * 60000, range(10))) AS _start FROM (SELECT _d0, intDiv(_t, 60000) * 60000 AS _pane, countState(_v0) AS _s0, countIf(NOT _late) AS _n, groupArrayIf(_r, _late AND _r <= _pane + 900000) AS _lates FROM (SELECT toUnixTimestamp64Milli(s.`timestamp`) AS _t, s.`event_type` AS _d0, if(bitAnd(s._flags, 4) = 0 AND toUnixTimestamp64Milli(s.received_at) <= toUnixTimestamp64Milli(s.`timestamp`) + 300000, toUInt8(1), NULL) AS _v0, toUnixTimestamp64Milli(s.received_at) AS _r, NOT (bitAnd(s._flags, 4) = 0 AND toUnixTimestamp64Milli(s.received_at) <= toUnixTimestamp64Milli(s.`timestamp`) + 300000) AS _late FROM events AS s WHERE ((s.`timestamp` >= fromUnixTimestamp64Milli(toInt64(1773014400000), 'UTC')) AND (s.`timestamp` < fromUnixTimestamp64Milli(toInt64(1773101340000), 'UTC')))) GROUP BY _d0, _pane)) WHERE (_start + 600000 > _pane) AND (_start >= 1773014400000) AND (_start <= 1773100740000) GROUP BY _d0, _start HAVING sum(_n) > 0)

-- event-volume, all
SELECT concat('[', concat('"', if(match(_d0, '[\\x00-\\x1f"\\\\]'), arrayStringConcat(arrayMap(c -> transform(c, ['\x00','\x01','\x02','\x03','\x04','\x05','\x06','\x07','\x08','\x09','\x0a','\x0b','\x0c','\x0d','\x0e','\x0f','\x10','\x11','\x12','\x13','\x14','\x15','\x16','\x17','\x18','\x19','\x1a','\x1b','\x1c','\x1d','\x1e','\x1f','\x22','\x5c'], ['\\u0000','\\u0001','\\u0002','\\u0003','\\u0004','\\u0005','\\u0006','\\u0007','\\b','\\t','\\n','\\u000b','\\f','\\r','\\u000e','\\u000f','\\u0010','\\u0011','\\u0012','\\u0013','\\u0014','\\u0015','\\u0016','\\u0017','\\u0018','\\u0019','\\u001a','\\u001b','\\u001c','\\u001d','\\u001e','\\u001f','\\"','\\\\'], c), splitByString('', _d0))), _d0), '"'), ']') AS `key`, fromUnixTimestamp64Milli(_start, 'UTC') AS `window_start`, fromUnixTimestamp64Milli(_end, 'UTC') AS `window_end`, _d0 AS `event_type`, toInt64(_a0) AS `events`, CAST(false AS Bool) AS `incomplete`, toUInt32(_pending) AS `late_pending` FROM (SELECT _d0, _start, _start + 600000 AS _end, countMerge(_s0) AS _a0, 0 AS _pending FROM (SELECT *, arrayJoin(arrayMap(i -> intDiv(_pane, 60000) * 60000 - i * 60000, range(10))) AS _start FROM (SELECT _d0, intDiv(_t, 60000) * 60000 AS _pane, countState(_v0) AS _s0 FROM (SELECT toUnixTimestamp64Milli(s.`timestamp`) AS _t, s.`event_type` AS _d0, toUInt8(1) AS _v0 FROM events AS s WHERE ((s.`timestamp` >= fromUnixTimestamp64Milli(toInt64(1773014400000), 'UTC')) AND (s.`timestamp` < fromUnixTimestamp64Milli(toInt64(1773101340000), 'UTC')))) GROUP BY _d0, _pane)) WHERE (_start + 600000 > _pane) AND (_start >= 1773014400000) AND (_start <= 1773100740000) GROUP BY _d0, _start)

-- shop-revenue, on-time
SELECT concat('[', concat('"', if(match(_d0, '[\\x00-\\x1f"\\\\]'), arrayStringConcat(arrayMap(c -> transform(c, ['\x00','\x01','\x02','\x03','\x04','\x05','\x06','\x07','\x08','\x09','\x0a','\x0b','\x0c','\x0d','\x0e','\x0f','\x10','\x11','\x12','\x13','\x14','\x15','\x16','\x17','\x18','\x19','\x1a','\x1b','\x1c','\x1d','\x1e','\x1f','\x22','\x5c'], ['\\u0000','\\u0001','\\u0002','\\u0003','\\u0004','\\u0005','\\u0006','\\u0007','\\b','\\t','\\n','\\u000b','\\f','\\r','\\u000e','\\u000f','\\u0010','\\u0011','\\u0012','\\u0013','\\u0014','\\u0015','\\u0016','\\u0017','\\u0018','\\u0019','\\u001a','\\u001b','\\u001c','\\u001d','\\u001e','\\u001f','\\"','\\\\'], c), splitByString('', _d0))), _d0), '"'), ',', concat('"', if(match(_d1, '[\\x00-\\x1f"\\\\]'), arrayStringConcat(arrayMap(c -> transform(c, ['\x00','\x01','\x02','\x03','\x04','\x05','\x06','\x07','\x08','\x09','\x0a','\x0b','\x0c','\x0d','\x0e','\x0f','\x10','\x11','\x12','\x13','\x14','\x15','\x16','\x17','\x18','\x19','\x1a','\x1b','\x1c','\x1d','\x1e','\x1f','\x22','\x5c'], ['\\u0000','\\u0001','\\u0002','\\u0003','\\u0004','\\u0005','\\u0006','\\u0007','\\b','\\t','\\n','\\u000b','\\f','\\r','\\u000e','\\u000f','\\u0010','\\u0011','\\u0012','\\u0013','\\u0014','\\u0015','\\u0016','\\u0017','\\u0018','\\u0019','\\u001a','\\u001b','\\u001c','\\u001d','\\u001e','\\u001f','\\"','\\\\'], c), splitByString('', _d1))), _d1), '"'), ']') AS `key`, fromUnixTimestamp64Milli(_start, 'UTC') AS `window_start`, fromUnixTimestamp64Milli(_end, 'UTC') AS `window_end`, _d0 AS `currency`, _d1 AS `event_type`, if(ifNull(abs(_a0) > toDecimal256('9999999999999999999999999999999999.9999', 4), false), NULL, toDecimal128(_a0, 4)) AS `revenue`, _a1 AS `items`, _a2 AS `average_price__sum`, toInt64(_a3) AS `average_price__count`, CAST(ifNull(abs(_a0) > toDecimal256('9999999999999999999999999999999999.9999', 4), false) AS Bool) AS `incomplete`, toUInt32(_pending) AS `late_pending` FROM (SELECT _d0, _d1, intDiv(_t, 3600000) * 3600000 AS _start, _start + 3600000 AS _end, sum(_v0) AS _a0, sum(_v1) AS _a1, sum(_v2) AS _a2, count(_v3) AS _a3, countIf(_late AND _r <= _end + 300000) AS _pending FROM (SELECT toUnixTimestamp64Milli(s.`timestamp`) AS _t, s.`properties.currency` AS _d0, s.`event_type` AS _d1, if(bitAnd(s._flags, 4) = 0 AND toUnixTimestamp64Milli(s.received_at) <= toUnixTimestamp64Milli(s.`timestamp`) + 300000, toDecimal256((toDecimal128(s.`properties.price`, 4) * toDecimal128(s.`properties.quantity`, 0)), 4), NULL) AS _v0, if(bitAnd(s._flags, 4) = 0 AND toUnixTimestamp64Milli(s.received_at) <= toUnixTimestamp64Milli(s.`timestamp`) + 300000, toDecimal128(s.`properties.quantity`, 0), NULL) AS _v1, if(bitAnd(s._flags, 4) = 0 AND toUnixTimestamp64Milli(s.received_at) <= toUnixTimestamp64Milli(s.`timestamp`) + 300000, toDecimal128(s.`properties.price`, 4), NULL) AS _v2, if(bitAnd(s._flags, 4) = 0 AND toUnixTimestamp64Milli(s.received_at) <= toUnixTimestamp64Milli(s.`timestamp`) + 300000, if((NOT isNull(s.`properties.price`)), toUInt8(1), NULL), NULL) AS _v3, toUnixTimestamp64Milli(s.received_at) AS _r, NOT (bitAnd(s._flags, 4) = 0 AND toUnixTimestamp64Milli(s.received_at) <= toUnixTimestamp64Milli(s.`timestamp`) + 300000) AS _late FROM events AS s WHERE ((s.`timestamp` >= fromUnixTimestamp64Milli(toInt64(1773014400000), 'UTC')) AND (s.`timestamp` < fromUnixTimestamp64Milli(toInt64(1773100800000), 'UTC'))) AND ((s.`event_type` IN ('purchase', 'refund')))) GROUP BY _d0, _d1, _start HAVING countIf(NOT _late) > 0)

-- shop-revenue, all
SELECT concat('[', concat('"', if(match(_d0, '[\\x00-\\x1f"\\\\]'), arrayStringConcat(arrayMap(c -> transform(c, ['\x00','\x01','\x02','\x03','\x04','\x05','\x06','\x07','\x08','\x09','\x0a','\x0b','\x0c','\x0d','\x0e','\x0f','\x10','\x11','\x12','\x13','\x14','\x15','\x16','\x17','\x18','\x19','\x1a','\x1b','\x1c','\x1d','\x1e','\x1f','\x22','\x5c'], ['\\u0000','\\u0001','\\u0002','\\u0003','\\u0004','\\u0005','\\u0006','\\u0007','\\b','\\t','\\n','\\u000b','\\f','\\r','\\u000e','\\u000f','\\u0010','\\u0011','\\u0012','\\u0013','\\u0014','\\u0015','\\u0016','\\u0017','\\u0018','\\u0019','\\u001a','\\u001b','\\u001c','\\u001d','\\u001e','\\u001f','\\"','\\\\'], c), splitByString('', _d0))), _d0), '"'), ',', concat('"', if(match(_d1, '[\\x00-\\x1f"\\\\]'), arrayStringConcat(arrayMap(c -> transform(c, ['\x00','\x01','\x02','\x03','\x04','\x05','\x06','\x07','\x08','\x09','\x0a','\x0b','\x0c','\x0d','\x0e','\x0f','\x10','\x11','\x12','\x13','\x14','\x15','\x16','\x17','\x18','\x19','\x1a','\x1b','\x1c','\x1d','\x1e','\x1f','\x22','\x5c'], ['\\u0000','\\u0001','\\u0002','\\u0003','\\u0004','\\u0005','\\u0006','\\u0007','\\b','\\t','\\n','\\u000b','\\f','\\r','\\u000e','\\u000f','\\u0010','\\u0011','\\u0012','\\u0013','\\u0014','\\u0015','\\u0016','\\u0017','\\u0018','\\u0019','\\u001a','\\u001b','\\u001c','\\u001d','\\u001e','\\u001f','\\"','\\\\'], c), splitByString('', _d1))), _d1), '"'), ']') AS `key`, fromUnixTimestamp64Milli(_start, 'UTC') AS `window_start`, fromUnixTimestamp64Milli(_end, 'UTC') AS `window_end`, _d0 AS `currency`, _d1 AS `event_type`, if(ifNull(abs(_a0) > toDecimal256('9999999999999999999999999999999999.9999', 4), false), NULL, toDecimal128(_a0, 4)) AS `revenue`, _a1 AS `items`, _a2 AS `average_price__sum`, toInt64(_a3) AS `average_price__count`, CAST(ifNull(abs(_a0) > toDecimal256('9999999999999999999999999999999999.9999', 4), false) AS Bool) AS `incomplete`, toUInt32(_pending) AS `late_pending` FROM (SELECT _d0, _d1, intDiv(_t, 3600000) * 3600000 AS _start, _start + 3600000 AS _end, sum(_v0) AS _a0, sum(_v1) AS _a1, sum(_v2) AS _a2, count(_v3) AS _a3, 0 AS _pending FROM (SELECT toUnixTimestamp64Milli(s.`timestamp`) AS _t, s.`properties.currency` AS _d0, s.`event_type` AS _d1, toDecimal256((toDecimal128(s.`properties.price`, 4) * toDecimal128(s.`properties.quantity`, 0)), 4) AS _v0, toDecimal128(s.`properties.quantity`, 0) AS _v1, toDecimal128(s.`properties.price`, 4) AS _v2, if((NOT isNull(s.`properties.price`)), toUInt8(1), NULL) AS _v3 FROM events AS s WHERE ((s.`timestamp` >= fromUnixTimestamp64Milli(toInt64(1773014400000), 'UTC')) AND (s.`timestamp` < fromUnixTimestamp64Milli(toInt64(1773100800000), 'UTC'))) AND ((s.`event_type` IN ('purchase', 'refund')))) GROUP BY _d0, _d1, _start)

-- shop-revenue, amended
INSERT INTO `shop-revenue__7e705849` (`key`, `window_start`, `window_end`, `currency`, `event_type`, `revenue`, `items`, `average_price__sum`, `average_price__count`, `incomplete`, `closed`, `late_pending`, `deleted`, `generation`, `version`) SELECT _key, fromUnixTimestamp64Milli(_start, 'UTC'), if(_new, _new_2, _old_2), if(_new, _new_3, _old_3), if(_new, _new_4, _old_4), if(_new, _new_5, _old_5), if(_new, _new_6, _old_6), if(_new, _new_7, _old_7), if(_new, _new_8, _old_8), if(_new, _new_9, _old_9), true, 0, NOT _new, 7, 0 FROM (SELECT * FROM (SELECT if(c._new, c._key, s._key) AS _key, if(c._new, c._start, s._start) AS _start, c._new AS _new, s._old AS _old, _new AND _old AND ifNull(c._new_2 = s._old_2, isNull(c._new_2) AND isNull(s._old_2)) AND ifNull(c._new_5 = s._old_5, isNull(c._new_5) AND isNull(s._old_5)) AND ifNull(c._new_6 = s._old_6, isNull(c._new_6) AND isNull(s._old_6)) AND ifNull(c._new_7 = s._old_7, isNull(c._new_7) AND isNull(s._old_7)) AND ifNull(c._new_8 = s._old_8, isNull(c._new_8) AND isNull(s._old_8)) AND ifNull(c._new_9 = s._old_9, isNull(c._new_9) AND isNull(s._old_9)) AS _same, c._new_late AS _counted, s._old_late AS _pending, c._new_open OR s._old_open AS _open, c._new_2 AS _new_2, s._old_2 AS _old_2, c._new_3 AS _new_3, s._old_3 AS _old_3, c._new_4 AS _new_4, s._old_4 AS _old_4, c._new_5 AS _new_5, s._old_5 AS _old_5, c._new_6 AS _new_6, s._old_6 AS _old_6, c._new_7 AS _new_7, s._old_7 AS _old_7, c._new_8 AS _new_8, s._old_8 AS _old_8, c._new_9 AS _new_9, s._old_9 AS _old_9 FROM (SELECT `key` AS _key, toUnixTimestamp64Milli(`window_start`) AS _start, true AS _new, toUnixTimestamp64Milli(window_end) + 0 > 1773014400000 AS _new_open, `late_pending` AS _new_late, CAST(`window_end` AS DateTime64(3, 'UTC')) AS _new_2, CAST(`currency` AS String) AS _new_3, CAST(`event_type` AS LowCardinality(String)) AS _new_4, CAST(`revenue` AS Nullable(Decimal(38, 4))) AS _new_5, CAST(`items` AS Nullable(Decimal(38, 0))) AS _new_6, CAST(`average_price__sum` AS Nullable(Decimal(38, 4))) AS _new_7, CAST(`average_price__count` AS Int64) AS _new_8, CAST(`incomplete` AS Bool) AS _new_9 FROM (SELECT concat('[', concat('"', if(match(_d0, '[\\x00-\\x1f"\\\\]'), arrayStringConcat(arrayMap(c -> transform(c, ['\x00','\x01','\x02','\x03','\x04','\x05','\x06','\x07','\x08','\x09','\x0a','\x0b','\x0c','\x0d','\x0e','\x0f','\x10','\x11','\x12','\x13','\x14','\x15','\x16','\x17','\x18','\x19','\x1a','\x1b','\x1c','\x1d','\x1e','\x1f','\x22','\x5c'], ['\\u0000','\\u0001','\\u0002','\\u0003','\\u0004','\\u0005','\\u0006','\\u0007','\\b','\\t','\\n','\\u000b','\\f','\\r','\\u000e','\\u000f','\\u0010','\\u0011','\\u0012','\\u0013','\\u0014','\\u0015','\\u0016','\\u0017','\\u0018','\\u0019','\\u001a','\\u001b','\\u001c','\\u001d','\\u001e','\\u001f','\\"','\\\\'], c), splitByString('', _d0))), _d0), '"'), ',', concat('"', if(match(_d1, '[\\x00-\\x1f"\\\\]'), arrayStringConcat(arrayMap(c -> transform(c, ['\x00','\x01','\x02','\x03','\x04','\x05','\x06','\x07','\x08','\x09','\x0a','\x0b','\x0c','\x0d','\x0e','\x0f','\x10','\x11','\x12','\x13','\x14','\x15','\x16','\x17','\x18','\x19','\x1a','\x1b','\x1c','\x1d','\x1e','\x1f','\x22','\x5c'], ['\\u0000','\\u0001','\\u0002','\\u0003','\\u0004','\\u0005','\\u0006','\\u0007','\\b','\\t','\\n','\\u000b','\\f','\\r','\\u000e','\\u000f','\\u0010','\\u0011','\\u0012','\\u0013','\\u0014','\\u0015','\\u0016','\\u0017','\\u0018','\\u0019','\\u001a','\\u001b','\\u001c','\\u001d','\\u001e','\\u001f','\\"','\\\\'], c), splitByString('', _d1))), _d1), '"'), ']') AS `key`, fromUnixTimestamp64Milli(_start, 'UTC') AS `window_start`, fromUnixTimestamp64Milli(_end, 'UTC') AS `window_end`, _d0 AS `currency`, _d1 AS `event_type`, if(ifNull(abs(_a0) > toDecimal256('9999999999999999999999999999999999.9999', 4), false), NULL, toDecimal128(_a0, 4)) AS `revenue`, _a1 AS `items`, _a2 AS `average_price__sum`, toInt64(_a3) AS `average_price__count`, CAST(ifNull(abs(_a0) > toDecimal256('9999999999999999999999999999999999.9999', 4), false) AS Bool) AS `incomplete`, toUInt32(_pending) AS `late_pending` FROM (SELECT _d0, _d1, intDiv(_t, 3600000) * 3600000 AS _start, _start + 3600000 AS _end, sum(_v0) AS _a0, sum(_v1) AS _a1, sum(_v2) AS _a2, count(_v3) AS _a3, 0 AS _pending FROM (SELECT toUnixTimestamp64Milli(s.`timestamp`) AS _t, s.`properties.currency` AS _d0, s.`event_type` AS _d1, toDecimal256((toDecimal128(s.`properties.price`, 4) * toDecimal128(s.`properties.quantity`, 0)), 4) AS _v0, toDecimal128(s.`properties.quantity`, 0) AS _v1, toDecimal128(s.`properties.price`, 4) AS _v2, if((NOT isNull(s.`properties.price`)), toUInt8(1), NULL) AS _v3 FROM events AS s WHERE ((s.`timestamp` >= fromUnixTimestamp64Milli(toInt64(1773014400000), 'UTC')) AND (s.`timestamp` < fromUnixTimestamp64Milli(toInt64(1773100800000), 'UTC'))) AND ((s.`event_type` IN ('purchase', 'refund')))) GROUP BY _d0, _d1, _start))) AS c FULL JOIN (SELECT `key` AS _key, toUnixTimestamp64Milli(`window_start`) AS _start, true AS _old, toUnixTimestamp64Milli(window_end) + 0 > 1773014400000 AS _old_open, `late_pending` AS _old_late, CAST(`window_end` AS DateTime64(3, 'UTC')) AS _old_2, CAST(`currency` AS String) AS _old_3, CAST(`event_type` AS LowCardinality(String)) AS _old_4, CAST(`revenue` AS Nullable(Decimal(38, 4))) AS _old_5, CAST(`items` AS Nullable(Decimal(38, 0))) AS _old_6, CAST(`average_price__sum` AS Nullable(Decimal(38, 4))) AS _old_7, CAST(`average_price__count` AS Int64) AS _old_8, CAST(`incomplete` AS Bool) AS _old_9 FROM (SELECT `key`, `window_start`, _row.1 AS `window_end`, `currency`, `event_type`, _row.2 AS `revenue`, _row.3 AS `items`, _row.4 AS `average_price__sum`, _row.5 AS `average_price__count`, _row.6 AS `incomplete`, _row.7 AS `closed`, _row.8 AS `late_pending`, _row.9 AS `deleted`, _row.10 AS `generation`, _row.11 AS `version` FROM (SELECT `key`, `window_start`, `currency`, `event_type`, argMax(tuple(`window_end`, `revenue`, `items`, `average_price__sum`, `average_price__count`, `incomplete`, `closed`, `late_pending`, `deleted`, `generation`, `version`), (`generation`, `version`)) AS _row FROM (SELECT `key`, `window_start`, `window_end`, `currency`, `event_type`, `revenue`, `items`, `average_price__sum`, `average_price__count`, `incomplete`, `closed`, `late_pending`, `deleted`, `generation`, `version` FROM `shop-revenue__7e705849` WHERE `window_start` >= fromUnixTimestamp64Milli(toInt64(1773014400000), 'UTC') AND `window_start` < fromUnixTimestamp64Milli(toInt64(1773100800000), 'UTC') UNION ALL SELECT `key`, `window_start`, `window_end`, `currency`, `event_type`, `revenue`, `items`, `average_price__sum`, `average_price__count`, `incomplete`, `closed`, `late_pending`, `deleted`, `generation`, `version` FROM `shop-revenue__7e705849__open` WHERE `window_start` >= fromUnixTimestamp64Milli(toInt64(1773014400000), 'UTC') AND `window_start` < fromUnixTimestamp64Milli(toInt64(1773100800000), 'UTC')) GROUP BY `key`, `window_start`, `currency`, `event_type`)) WHERE NOT `deleted`) AS s ON c._key = s._key AND c._start = s._start SETTINGS join_use_nulls = 0) WHERE NOT _open) WHERE NOT _same OR _pending > 0

-- user_sessions
SELECT r.`_day` AS `_day`, r.`user_id` AS `user_id`, r.`session_id` AS `session_id`, r.`session_start` AS `session_start`, r.`session_end` AS `session_end`, r.`event_count` AS `event_count`, r.`unique_pages` AS `unique_pages`, r.`revenue` AS `revenue`, (toDecimal64(intDiv(abs((toUnixTimestamp64Milli(r.`session_end`) - toUnixTimestamp64Milli(r.`session_start`))) + 3, 6) * sign((toUnixTimestamp64Milli(r.`session_end`) - toUnixTimestamp64Milli(r.`session_start`))), 0) * toDecimal64('0.0001', 4)) AS `session_duration`, r.`_incomplete` AS `_incomplete` FROM (SELECT _g AS `_day`, _d0 AS `user_id`, _d1 AS `session_id`, _v0 AS `session_start`, _v1 AS `session_end`, _v2 AS `event_count`, _v3 AS `unique_pages`, _v4 AS `revenue`, _i AS `_incomplete` FROM (SELECT _g, _d0, _d1, _a0 AS _v0, _a1 AS _v1, toInt64(_a2) AS _v2, toInt64(_a3) AS _v3, _a4 AS _v4, CAST(false AS Bool) AS _i FROM (SELECT s._millrace_day AS _g, coalesce(s.`user_id`, s.`anonymous_id`) AS _d0, s.`session_id` AS _d1, min(s.`timestamp`) AS _a0, max(s.`timestamp`) AS _a1, count(toUInt8(1)) AS _a2, uniqExact(s.`properties.page_url`) AS _a3, sum(if((s.`event_type` = 'purchase'), toDecimal128(s.`properties.price`, 4), NULL)) AS _a4 FROM (SELECT *, toDate(`timestamp`, 'UTC') AS _millrace_day FROM source WHERE `timestamp` >= fromUnixTimestamp64Milli(toInt64(1773014400000), 'UTC') AND `timestamp` < fromUnixTimestamp64Milli(toInt64(1773100800000), 'UTC')) AS s WHERE ((NOT isNull(s.`session_id`))) GROUP BY _g, _d0, _d1 SETTINGS join_use_nulls = 1))) AS r

-- user_daily_metrics
SELECT _g AS `_day`, _d0 AS `user_id`, _d1 AS `date`, _v0 AS `session_count`, _v1 AS `total_events`, _v2 AS `total_time_spent`, _v3 AS `daily_revenue`, if(ifNull(_v5 = 0, true) OR ifNull(abs((toDecimal256(toInt256(intDiv(abs((toInt256(toDecimal256(_v4, 4) * toDecimal256('10000', 0)) * toInt256('100'))) * 2 + abs(if(ifNull(_v5 = 0, true), toInt256(1), assumeNotNull(toInt256(_v5)))), abs(if(ifNull(_v5 = 0, true), toInt256(1), assumeNotNull(toInt256(_v5)))) * 2) * sign((toInt256(toDecimal256(_v4, 4) * toDecimal256('10000', 0)) * toInt256('100'))) * sign(if(ifNull(_v5 = 0, true), toInt256(1), assumeNotNull(toInt256(_v5))))), 0) * toDecimal256('0.000001', 6))) > toDecimal256('99999999999999999999999999999999.999999', 6), false), NULL, toDecimal128((toDecimal256(toInt256(intDiv(abs((toInt256(toDecimal256(_v4, 4) * toDecimal256('10000', 0)) * toInt256('100'))) * 2 + abs(if(ifNull(_v5 = 0, true), toInt256(1), assumeNotNull(toInt256(_v5)))), abs(if(ifNull(_v5 = 0, true), toInt256(1), assumeNotNull(toInt256(_v5)))) * 2) * sign((toInt256(toDecimal256(_v4, 4) * toDecimal256('10000', 0)) * toInt256('100'))) * sign(if(ifNull(_v5 = 0, true), toInt256(1), assumeNotNull(toInt256(_v5))))), 0) * toDecimal256('0.000001', 6)), 6)) AS `avg_session_duration`, _i AS `_incomplete` FROM (SELECT _g, _d0, _d1, toInt64(_a0) AS _v0, _a1 AS _v1, _a2 AS _v2, if(ifNull(abs(_a3) > toDecimal256('9999999999999999999999999999999999.9999', 4), false), NULL, toDecimal128(_a3, 4)) AS _v3, _a4 AS _v4, toInt64(_a5) AS _v5, CAST(_s OR ifNull(abs(_a3) > toDecimal256('9999999999999999999999999999999999.9999', 4), false) AS Bool) AS _i FROM (SELECT s._millrace_day AS _g, s.`user_id` AS _d0, toString(s._millrace_day) AS _d1, count(toUInt8(1)) AS _a0, sum(toDecimal128(s.`event_count`, 0)) AS _a1, sum(toDecimal128(s.`session_duration`, 4)) AS _a2, sum(toDecimal256(s.`revenue`, 4)) AS _a3, sum(toDecimal128(s.`session_duration`, 4)) AS _a4, count(if((NOT isNull(s.`session_duration`)), toUInt8(1), NULL)) AS _a5, max(s.`_incomplete`) AS _s FROM (SELECT *, `_day` AS _millrace_day FROM source WHERE `_day` >= toDate(fromUnixTimestamp64Milli(toInt64(1773014400000), 'UTC')) AND `_day` < toDate(fromUnixTimestamp64Milli(toInt64(1773100800000), 'UTC'))) AS s GROUP BY _g, _d0, _d1 SETTINGS join_use_nulls = 1))

-- geographic_metrics
SELECT _g AS `_day`, _d0 AS `country`, _d1 AS `region`, _d2 AS `date`, _v0 AS `revenue`, _v1 AS `active_users`, if(ifNull(_v3 = 0, true) OR ifNull(abs((toDecimal256(toInt256(intDiv(abs((toInt256(toDecimal256(_v2, 4) * toDecimal256('10000', 0)) * toInt256('100'))) * 2 + abs(if(ifNull(_v3 = 0, true), toInt256(1), assumeNotNull(toInt256(_v3)))), abs(if(ifNull(_v3 = 0, true), toInt256(1), assumeNotNull(toInt256(_v3)))) * 2) * sign((toInt256(toDecimal256(_v2, 4) * toDecimal256('10000', 0)) * toInt256('100'))) * sign(if(ifNull(_v3 = 0, true), toInt256(1), assumeNotNull(toInt256(_v3))))), 0) * toDecimal256('0.000001', 6))) > toDecimal256('99999999999999999999999999999999.999999', 6), false), NULL, toDecimal128((toDecimal256(toInt256(intDiv(abs((toInt256(toDecimal256(_v2, 4) * toDecimal256('10000', 0)) * toInt256('100'))) * 2 + abs(if(ifNull(_v3 = 0, true), toInt256(1), assumeNotNull(toInt256(_v3)))), abs(if(ifNull(_v3 = 0, true), toInt256(1), assumeNotNull(toInt256(_v3)))) * 2) * sign((toInt256(toDecimal256(_v2, 4) * toDecimal256('10000', 0)) * toInt256('100'))) * sign(if(ifNull(_v3 = 0, true), toInt256(1), assumeNotNull(toInt256(_v3))))), 0) * toDecimal256('0.000001', 6)), 6)) AS `avg_session_duration`, _i AS `_incomplete` FROM (SELECT _g, _d0, _d1, _d2, if(ifNull(abs(_a0) > toDecimal256('9999999999999999999999999999999999.9999', 4), false), NULL, toDecimal128(_a0, 4)) AS _v0, toInt64(_a1) AS _v1, _a2 AS _v2, toInt64(_a3) AS _v3, CAST(_s OR ifNull(abs(_a0) > toDecimal256('9999999999999999999999999999999999.9999', 4), false) AS Bool) AS _i FROM (SELECT s._millrace_day AS _g, j.`country` AS _d0, j.`region` AS _d1, toString(s._millrace_day) AS _d2, sum(toDecimal256(s.`revenue`, 4)) AS _a0, uniqExact(s.`user_id`) AS _a1, sum(toDecimal128(s.`session_duration`, 4)) AS _a2, count(if((NOT isNull(s.`session_duration`)), toUInt8(1), NULL)) AS _a3, max(s.`_incomplete`) AS _s FROM (SELECT *, `_day` AS _millrace_day FROM source WHERE `_day` >= toDate(fromUnixTimestamp64Milli(toInt64(1773014400000), 'UTC')) AND `_day` < toDate(fromUnixTimestamp64Milli(toInt64(1773100800000), 'UTC'))) AS s ASOF INNER JOIN (SELECT *, true AS _millrace_known FROM `dim_users` ORDER BY `user_id`, `timestamp`, `_partition` DESC, `_offset` DESC LIMIT 1 BY `user_id`, `timestamp`) AS j ON s.`user_id` = j.`user_id` AND toDateTime64(s._millrace_day + 1, 3, 'UTC') > j.`timestamp` WHERE (bitAnd(j.`_flags`, 64) = 0) GROUP BY _g, _d0, _d1, _d2 SETTINGS join_use_nulls = 1))

-- geographic_metrics, unmatched
SELECT toString(s._millrace_day) AS day, count() AS unmatched FROM (SELECT *, `_day` AS _millrace_day FROM source WHERE `_day` >= toDate(fromUnixTimestamp64Milli(toInt64(1773014400000), 'UTC')) AND `_day` < toDate(fromUnixTimestamp64Milli(toInt64(1773100800000), 'UTC'))) AS s ASOF LEFT JOIN (SELECT *, true AS _millrace_known FROM `dim_users` ORDER BY `user_id`, `timestamp`, `_partition` DESC, `_offset` DESC LIMIT 1 BY `user_id`, `timestamp`) AS j ON s.`user_id` = j.`user_id` AND toDateTime64(s._millrace_day + 1, 3, 'UTC') > j.`timestamp` WHERE (NOT j._millrace_known OR NOT bitAnd(j.`_flags`, 64) = 0) GROUP BY day ORDER BY day SETTINGS join_use_nulls = 0

-- positive-price
SELECT count() AS broken FROM events AS s WHERE (s.`timestamp` >= fromUnixTimestamp64Milli(toInt64(1773014400000), 'UTC')) AND (s.`timestamp` < fromUnixTimestamp64Milli(toInt64(1773100800000), 'UTC')) AND ((s.`event_type` = 'purchase')) AND (NOT ifNull((toDecimal64(s.`properties.price`, 4) > toDecimal64('0', 4)), true))

-- known-user
SELECT count() AS broken FROM events AS s WHERE (s.`timestamp` >= fromUnixTimestamp64Milli(toInt64(1773014400000), 'UTC')) AND (s.`timestamp` < fromUnixTimestamp64Milli(toInt64(1773100800000), 'UTC')) AND (NOT ifNull(s.`_in_dim_users_by_user_id_or_anonymous_id`, true))

-- traffic
INSERT INTO `traffic__22462b03__stage` SELECT _time AS `day`, _d0 AS `event_type`, _d1 AS `page_path`, _d2 AS `platform`, _a0 AS `_state0`, _a1 AS `_state1`, _a2 AS `_state2` FROM (SELECT toDateTime(toDate(s.`timestamp`, 'UTC'), 'UTC') AS _time, s.`event_type` AS _d0, s.`page_path` AS _d1, s.`context.platform` AS _d2, countState(toUInt8(1)) AS _a0, uniqExactState(coalesce(s.`user_id`, s.`anonymous_id`)) AS _a1, sumState(if((s.`event_type` = 'purchase'), toDecimal128(s.`properties.price`, 4), NULL)) AS _a2 FROM `user-events` AS s WHERE (s.`timestamp` >= fromUnixTimestamp64Milli(toInt64(1773014400000), 'UTC')) AND (s.`timestamp` < fromUnixTimestamp64Milli(toInt64(1773100800000), 'UTC')) GROUP BY _time, _d0, _d1, _d2)
