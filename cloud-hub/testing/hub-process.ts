import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

interface ReadyLine {
  readonly http: number
  readonly mqtt: number | null
  readonly leads: boolean
}

/** A hub as its own process, on ports that were free. */
export class HubProcess {
  readonly http: number
  readonly mqtt: number | null
  /** As it was at the start. */
  readonly leads: boolean
  readonly #child: ChildProcess
  readonly #token: string

  private constructor(child: ChildProcess, ready: ReadyLine, token: string) {
    this.#child = child
    this.http = ready.http
    this.mqtt = ready.mqtt
    this.leads = ready.leads
    this.#token = token
  }

  /** Starts `main.ts` on an initialised folder. @throws when it ends before it is ready. */
  static async start(folder: string, settings: Readonly<Record<string, unknown>> = {}): Promise<HubProcess> {
    const path = join(folder, 'config.json')
    const configuration = { dataFolder: folder, httpPort: 0, mqttPort: 0, broker: 'embedded', ...settings }
    await writeFile(path, JSON.stringify(configuration))
    const child = spawn(process.execPath, [join(import.meta.dirname, '..', 'main.ts'), '--config', path], {
      stdio: ['ignore', 'pipe', process.env.HUB_LOG === '1' ? 'inherit' : 'ignore'],
    })
    const line = await new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stdout }).once('line', resolve)
      child.once('exit', (code) => reject(new Error(`the hub ended with ${code} before it was ready`)))
    })
    const ready = JSON.parse(line) as ReadyLine
    const token = (await readFile(join(folder, 'secrets', 'operator-token'), 'utf8')).trim()
    return new HubProcess(child, ready, token)
  }

  /** Sends a request as the operator, or with the headers given. */
  async request(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.http}${path}`, {
      method,
      headers: {
        ...(headers ?? { authorization: `Bearer ${this.#token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
  }

  /** GET as the operator, as JSON. @throws for a status of 400 and above. */
  async get(path: string): Promise<unknown> {
    const response = await this.request('GET', path)
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return response.json()
  }

  /** POST as the operator, as JSON. @throws for a status of 400 and above. */
  async post(path: string, body: unknown): Promise<unknown> {
    const response = await this.request('POST', path, body)
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return response.json()
  }

  /** Ends it in order. @returns its exit status. */
  async stop(): Promise<number | null> {
    return this.#end('SIGTERM')
  }

  /** Ends it at this instant, as a power cut does. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return this.#child.exitCode
    const ended = once(this.#child, 'exit')
    this.#child.kill(signal)
    await ended
    return this.#child.exitCode
  }
}
