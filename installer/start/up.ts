import { rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { localModelList } from '@leadglass/ui/contract/local-api'
import { InstanceClient } from '../cli/client.ts'
import type { Progress } from '../cli/progress.ts'
import { InstallerError } from '../errors.ts'
import { enrolOwnBox } from './enrol-own-box.ts'
import { releaseShippedModels } from './first-model.ts'
import { type InstanceFile, readInstanceFile, writeInstanceFile } from './instance-file.ts'
import { holdInstanceLock } from './instance-lock.ts'
import { consolePortOf, type InstanceLayout, type InstancePorts, iotHubPortsOf, portsFrom } from './layout.ts'
import { endLeftovers } from './leftovers.ts'
import { buildPagesIfChanged } from './pages.ts'
import { sendPhantoms } from './phantoms.ts'
import { isPortFree } from './ports.ts'
import { PROCESS_NAMES, specificationOf } from './processes.ts'
import { provision, writeConfigurations } from './provision.ts'
import { SupervisedProcess } from './supervisor.ts'

/** How an instance is brought up. */
export interface UpOptions {
  readonly layout: InstanceLayout
  /** Base of the ports; the instance's own when undefined. */
  readonly portBase: number | undefined
  readonly defaultPortBase: number
  /** Address that the appliance listens on; the instance's own when undefined. */
  readonly host: string | undefined
  /** Where the keys lie that protect the appliance's data; the instance's own place when undefined. */
  readonly keysFolder?: string | undefined
  /** How agent and hub speak; the instance's own way when undefined. */
  readonly transport?: 'mqtt' | 'azure-iot' | undefined
  /** Leave the phantoms of a first start out. */
  readonly empty: boolean
  readonly progress: Progress
  readonly onRestart: (process: string) => void
}

/** A running instance. */
export interface RunningInstance {
  readonly instance: InstanceFile
  readonly firstStart: boolean
  /** Ends all processes, last started first. */
  stop(): Promise<void>
}

const MODEL_ACTIVE_WITHIN_MS = 60_000
const PORT_NAMES = ['dimse', 'appliance', 'hub', 'mqtt'] as const
const IOT_HUB_NAMES = ['iotHubMqtt', 'iotHubHttps'] as const

/** Brings an instance up: provisions it on its first start, starts hub, agent and appliance, releases shipped models. */
export async function bringUp(options: UpOptions): Promise<RunningInstance> {
  const { layout, progress } = options
  const unlock = await holdInstanceLock(layout)
  const running: SupervisedProcess[] = []
  const stop = async (): Promise<void> => {
    for (const process of running.splice(0).reverse()) await process.stop()
    await unlock()
  }
  try {
    const existing = await readInstanceFile(layout)
    const firstStart = existing?.provisioned !== true
    const ports =
      options.portBase === undefined
        ? (existing?.ports ?? portsFrom(options.defaultPortBase))
        : portsFrom(options.portBase)
    await endLeftovers(layout)
    await requireFreePorts(ports, options.transport ?? existing?.transport)
    if (firstStart) await removeUnfinished(layout)
    const made = firstStart ? await provision(layout, ports, progress, options.keysFolder) : { ...existing, ports }
    const provisioned = {
      ...made,
      ...(options.host === undefined ? {} : { host: options.host }),
      ...(options.keysFolder === undefined ? {} : { keysFolder: options.keysFolder }),
      ...(options.transport === undefined ? {} : { transport: options.transport }),
    }
    await writeInstanceFile(layout, provisioned)
    const hasDoor = await canHaveDoor(consolePortOf(ports), progress)
    await writeConfigurations(layout, provisioned, availableParallelism(), hasDoor)
    await buildPagesIfChanged(() => progress.step('building the pages'))
    const client = new InstanceClient(layout, provisioned)
    for (const name of PROCESS_NAMES) {
      progress.step(`starting the ${name}`)
      const process = new SupervisedProcess(await specificationOf(layout, name), options.onRestart)
      running.push(process)
      await process.start()
      if (name === 'hub') await enrolOwnBox(client)
    }
    const released = await releaseWhereEvaluating(client, progress)
    if (released > 0) await waitForActiveModels(client, released, progress)
    if (firstStart && !options.empty) {
      progress.step('sending phantom radiographs, so that the pages have something to show')
      await sendPhantoms(provisioned)
    }
    return { instance: provisioned, firstStart, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Only an evaluation instance still has the approvers' passphrases; elsewhere people sign. */
async function releaseWhereEvaluating(client: InstanceClient, progress: Progress): Promise<number> {
  try {
    const released = await releaseShippedModels(client)
    for (const version of released) progress.step(`${version} approved by the two evaluation keys of this machine`)
    return released.length
  } catch (error) {
    if (error instanceof InstallerError && error.code === 'file-not-found') return 0
    throw error
  }
}

/** The first study should find a model; but a box without one still receives, so this only waits for a while. */
async function waitForActiveModels(client: InstanceClient, released: number, progress: Progress): Promise<void> {
  progress.step('waiting until the appliance has verified and tested the models')
  const deadline = Date.now() + MODEL_ACTIVE_WITHIN_MS
  while (Date.now() < deadline) {
    const { models } = await client.request({
      service: 'appliance',
      method: 'GET',
      path: '/api/models',
      schema: localModelList,
    })
    if (models.filter((entry) => entry.state === 'active').length >= released) return
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
  progress.step('not every model is active yet; studies are received all the same, see "leadglass doctor"')
}

/** Studies are received without consoles on other desks too: a port that another program has is no reason not to start. */
async function canHaveDoor(port: number, progress: Progress): Promise<boolean> {
  if (port <= 65_535 && (await isPortFree(port))) return true
  progress.step(`port ${port} cannot be had: there is no door for consoles on other machines`)
  return false
}

async function requireFreePorts(ports: InstancePorts, transport: 'mqtt' | 'azure-iot' | undefined): Promise<void> {
  const own = PORT_NAMES.map((name) => [name, ports[name]] as const)
  const beside = transport === 'azure-iot' ? iotHubPortsOf(ports) : undefined
  const all = [...own, ...(beside === undefined ? [] : IOT_HUB_NAMES.map((name) => [name, beside[name]] as const))]
  for (const [name, port] of all) {
    if (await isPortFree(port)) continue
    throw new InstallerError('port-in-use', {
      message: `port ${port} (${name}) is in use by another program`,
      effect: 'nothing was started',
      nextStep:
        'choose other ports with --port-base N (uses N to N+3, with azure-iot to N+5), or stop the other program',
    })
  }
}

/** A first start that was killed before its end left keys nobody has used: begin again. */
async function removeUnfinished(layout: InstanceLayout): Promise<void> {
  const made = [layout.appliance.folder, layout.agent.folder, layout.hub.folder, layout.exchange, layout.ceremony]
  for (const folder of made) await rm(folder, { recursive: true, force: true })
  for (const file of [layout.signInFile, layout.auditKeysFile, join(layout.root, 'instance.json')])
    await rm(file, { force: true })
}
