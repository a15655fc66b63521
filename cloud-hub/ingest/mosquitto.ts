import { INGEST_COMMON_NAME } from './names.ts'

/** Where the files of an external Mosquitto lie and where it listens. */
export interface MosquittoPaths {
  readonly host: string
  readonly port: number
  readonly caFile: string
  readonly certificateFile: string
  readonly keyFile: string
  readonly accessFile: string
}

/**
 * `mosquitto.conf` under which Mosquitto keeps the same rules as the embedded broker: mutual TLS under the hub's own
 * authority, and the certificate's CN as user name and client id, so that no device can take over another's session.
 */
export function mosquittoConfiguration(paths: MosquittoPaths): string {
  return [
    `listener ${paths.port} ${paths.host}`,
    `cafile ${paths.caFile}`,
    `certfile ${paths.certificateFile}`,
    `keyfile ${paths.keyFile}`,
    'tls_version tlsv1.3',
    'require_certificate true',
    'use_identity_as_username true',
    'use_username_as_clientid true',
    'allow_anonymous false',
    `acl_file ${paths.accessFile}`,
    'message_size_limit 204800',
    'max_queued_messages 1000',
    '',
  ].join('\n')
}

/** The access list that goes with it. Every device needs nothing but its certificate: the rules follow its name. */
export function mosquittoAccessList(): string {
  return [
    `user ${INGEST_COMMON_NAME}`,
    'topic read leadglass/1/devices/+/envelopes',
    'topic write leadglass/1/devices/+/acknowledgements',
    'topic write leadglass/1/devices/+/desired',
    '',
    'pattern write leadglass/1/devices/%u/envelopes',
    'pattern read leadglass/1/devices/%u/acknowledgements',
    'pattern read leadglass/1/devices/%u/desired',
    '',
  ].join('\n')
}
