export { AuditFeeds, type FeedState } from './audit-feeds.ts'
