import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Credentials } from '../../transport/index.ts'
import { type AgentConfig, agentConfig, resolveConfig } from '../config.ts'
import { permissionArguments } from '../permission-arguments.ts'

const MAIN = resolve(import.meta.dirname, '..', '..', 'main.ts')

/** What a device is provisioned with for updates, and where its repository is. */
export interface PinnedRepository {
  readonly url: string
  readonly initialRoot: Uint8Array
  readonly policy: unknown
}

/** The real agent as the installer starts it, in a folder of a test. */
export class AgentProcess {
  readonly config: AgentConfig
  readonly configFile: string
  #child: ChildProcess | undefined
  #errors = ''

  private constructor(config: AgentConfig, configFile: string) {
    this.config = config
    this.configFile = configFile
  }

  /** Writes identity and settings below `folder`. Intervals are short. */
  static async prepare(
    folder: string,
    device: string,
    mqttUrl: string,
    identity: Credentials,
    repository?: PinnedRepository,
  ): Promise<AgentProcess> {
    const settings = {
      device,
      exchangeFolder: 'exchange',
      agentFolder: 'agent',
      hub: { mqttUrl, httpUrl: repository?.url ?? 'http://127.0.0.1:1/', caFile: 'agent/hub-ca.pem' },
      certificateFile: 'agent/device.pem',
      keyFile: 'agent/device-key.pem',
      ...(repository && { updates: { initialRootFile: 'agent/root.json', policyFile: 'agent/policy.json' } }),
      intervals: {
        pollMs: 100,
        idlePollMs: 200,
        acknowledgementTimeoutMs: 1500,
        reconnectFirstMs: 100,
        reconnectLargestMs: 500,
      },
    }
    for (const name of ['agent', 'exchange/outbox', 'exchange/status', 'appliance']) {
      await mkdir(join(folder, name), { recursive: true })
    }
    await writeFile(join(folder, 'agent/hub-ca.pem'), identity.caPem)
    await writeFile(join(folder, 'agent/device.pem'), identity.certificatePem)
    await writeFile(join(folder, 'agent/device-key.pem'), identity.keyPem, { mode: 0o600 })
    if (repository !== undefined) {
      await writeFile(join(folder, 'agent/root.json'), repository.initialRoot)
      await writeFile(join(folder, 'agent/policy.json'), JSON.stringify(repository.policy))
    }
    const configFile = join(folder, 'agent.json')
    await writeFile(configFile, JSON.stringify(settings))
    return new AgentProcess(resolveConfig(agentConfig.parse(settings), folder), configFile)
  }

  /** An agent whose settings somebody else has written. */
  static at(config: AgentConfig, configFile: string): AgentProcess {
    return new AgentProcess(config, configFile)
  }

  /** Node's arguments before the entry file. */
  get nodeArguments(): string[] {
    return permissionArguments(this.config, this.configFile)
  }

  /** What the process wrote to standard error since it was prepared. */
  get errors(): string {
    return this.#errors
  }

  /** Starts the process and waits for its ready line. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [...this.nodeArguments, MAIN, '--config', this.configFile], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    child.stderr.on('data', (chunk) => {
      this.#errors += String(chunk)
    })
    await new Promise<void>((resolve, reject) => {
      let output = ''
      child.stdout.on('data', (chunk) => {
        output += String(chunk)
        if (output.includes('"ready":true')) resolve()
      })
      child.once('exit', () => reject(new Error(`the agent ended before it was ready: ${this.#errors}`)))
    })
  }

  /** Ends the process. @returns its exit status, or the signal that ended it. */
  async end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined) return null
    if (child.exitCode !== null) return child.exitCode
    return new Promise((resolve) => {
      child.once('exit', (code, by) => resolve(code ?? by))
      child.kill(signal)
    })
  }
}
