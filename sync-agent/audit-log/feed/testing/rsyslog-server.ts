import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { peer } from '../../../../installer/testing/peers.ts'

const rsyslogd = peer('rsyslogd')
const openssl = peer('openssl')

/** Whether this machine has what the tests with a real syslog server need. */
export const HAS_RSYSLOG = rsyslogd !== undefined && openssl !== undefined

/** A server certificate for localhost that is its own authority, and where the server writes what it receives. */
export interface ServerIdentity {
  readonly ca: string
  readonly key: string
  readonly certificate: string
  readonly output: string
}

/** Makes an identity in a folder of its own below `folder`. @throws when OpenSSL fails. */
export async function makeIdentity(folder: string): Promise<ServerIdentity> {
  const at = await mkdtemp(join(folder, 'identity-'))
  const [key, certificate] = [join(at, 'key.pem'), join(at, 'certificate.pem')]
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '2']
  const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate, ...names]
  const [status] = (await once(spawn(openssl ?? '', args, { stdio: 'ignore' }), 'exit')) as [number]
  if (status !== 0) throw new Error(`openssl ended with ${status}`)
  return { ca: certificate, key, certificate, output: join(at, 'received.log') }
}

/** The places in the log of the entries that were received, in order of arrival. */
export function placesIn(lines: readonly string[]): number[] {
  return lines.map((line) => Number(/audit#(\d+)"/.exec(line)?.[1]))
}

/** A real rsyslog with TLS through GnuTLS that writes every message as it came. */
export class RsyslogServer {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  static async start(folder: string, port: number, identity: ServerIdentity): Promise<RsyslogServer> {
    const { ca, key, certificate, output } = identity
    const configuration = join(folder, `rsyslog-${port}.conf`)
    await writeFile(
      configuration,
      `global(workDirectory="${folder}" maxMessageSize="64k" defaultNetstreamDriver="gtls"
  defaultNetstreamDriverCAFile="${ca}" defaultNetstreamDriverCertFile="${certificate}" defaultNetstreamDriverKeyFile="${key}")
module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="anon")
input(type="imtcp" port="${port}" address="127.0.0.1")
template(name="whole" type="string" string="%rawmsg%\\n")
action(type="omfile" file="${output}" template="whole" fileOwner="root" asyncWriting="off" flushOnTXEnd="on")
`,
    )
    const pid = join(folder, `rsyslog-${port}.pid`)
    return new RsyslogServer(spawn(rsyslogd ?? '', ['-n', '-f', configuration, '-i', pid], { stdio: 'ignore' }))
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    await ended
  }
}
