export { HUB_LOG_ORIGIN, HubAudit } from './hub-audit.ts'
export { SITE_AUDIT_SCHEMA } from './schema.ts'
export { type AuditEntry, type AuditPage, type AuditSearch, searchLog } from './search.ts'
export { SiteAuditMirror, siteLogOrigin, WITNESS_NAME } from './site-mirror.ts'
