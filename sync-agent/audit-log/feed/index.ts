export { AuditFeeds, type FeedState } from './audit-feeds.ts'
export type { FeedBook, FeedRow } from './feed-book.ts'
export { type AuditFeedSettings, auditFeedSettings } from './feed-settings.ts'
export { AUDIT_FEED_SCHEMA, SqliteFeedBook } from './sqlite-feed-book.ts'
