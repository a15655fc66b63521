/** CN of the certificate with which the hub's own ingest client comes to the broker. No device may have this name. */
export const INGEST_COMMON_NAME = 'leadglass-hub-ingest'
/** Under which name the alarm book has what nobody known has done. No device may have this name. */
export const UNKNOWN_DEVICE = 'unknown-device'
