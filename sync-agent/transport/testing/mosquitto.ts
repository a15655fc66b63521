import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Service } from '../../foundation/index.ts'
import type { TestCertificateAuthority } from './certificate-authority.ts'
import { TEST_HUB_NAME } from './test-broker.ts'

/** Eclipse Mosquitto as the broker: TLS with client certificates, access by the certificate's CN. */
export class Mosquitto implements Service {
  readonly #program: string
  readonly #authority: TestCertificateAuthority
  readonly #port: number
  #folder: string | undefined
  #process: ChildProcess | undefined

  constructor(program: string, authority: TestCertificateAuthority, port: number) {
    this.#program = program
    this.#authority = authority
    this.#port = port
  }

  get url(): string {
    return `mqtts://127.0.0.1:${this.#port}`
  }

  async start(): Promise<void> {
    this.#folder ??= await this.#configure()
    const child = spawn(this.#program, ['-c', join(this.#folder, 'mosquitto.conf')], { stdio: 'ignore' })
    this.#process = child
    const deadline = Date.now() + 10_000
    while (!(await answers(this.#port))) {
      if (child.exitCode !== null || Date.now() > deadline) throw new Error('mosquitto did not start')
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  /** Sends a signal to the broker: SIGSTOP makes every link to it half-open, SIGCONT lets it go on. */
  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal)
  }

  /** Ends the broker without a farewell and keeps its configuration for the next start. */
  async kill(): Promise<void> {
    const child = this.#process
    this.#process = undefined
    if (child === undefined || child.exitCode !== null) return
    const exited = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await exited
  }

  async stop(): Promise<void> {
    await this.kill()
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true })
    this.#folder = undefined
  }

  async #configure(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'mosquitto-'))
    const { caPem, certificatePem, keyPem } = this.#authority.server()
    const write = (name: string, text: string) => writeFile(join(folder, name), text, { mode: 0o600 })
    await write('ca.pem', caPem)
    await write('server.pem', certificatePem)
    await write('server.key', keyPem)
    await write(
      'acl',
      `pattern readwrite leadglass/1/devices/%u/#\nuser ${TEST_HUB_NAME}\ntopic readwrite leadglass/#\n`,
    )
    await write(
      'mosquitto.conf',
      [
        `listener ${this.#port} 127.0.0.1`,
        `cafile ${folder}/ca.pem`,
        `certfile ${folder}/server.pem`,
        `keyfile ${folder}/server.key`,
        'require_certificate true',
        'use_identity_as_username true',
        `acl_file ${folder}/acl`,
        'persistence false',
        // Started by root it would give up its rights and could not read the key of this folder.
        'user root',
        'log_dest none',
        '',
      ].join('\n'),
    )
    return folder
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
