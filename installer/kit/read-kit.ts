import { randomBytes } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type AgentConfig, agentConfig, resolveConfig, takeWaitingKits } from '@leadglass/sync-agent/agent'
import { copyKit, KitInbox, type KitResult } from '@leadglass/sync-agent/exchange'
import { silentLogger, systemClock } from '@leadglass/sync-agent/foundation'
import { InstallerError } from '../errors.ts'
import { holdInstanceLock } from '../start/instance-lock.ts'
import type { InstanceLayout } from '../start/layout.ts'

const POLL_MS = 200
/** A running agent claims a kit within a second; after so long without, there is none. */
const CLAIM_MS = 5000

/** The agent's settings in an instance. @throws InstallerError `no-instance`. */
export async function readAgentConfig(layout: InstanceLayout): Promise<AgentConfig> {
  const { configFile } = layout.agent
  const text = await readFile(configFile, 'utf8').catch(() => undefined)
  if (text === undefined) {
    throw new InstallerError('no-instance', {
      message: `there is no box in ${layout.root}`,
      effect: 'nothing was read or changed',
      nextStep: 'name the data folder of the box with --data',
    })
  }
  return resolveConfig(agentConfig.parse(JSON.parse(text)), dirname(configFile))
}

/**
 * Copies a kit into the exchange, compares every file with the kit's list, and hands it to the agent. Where no agent runs,
 * this process takes it in its place, under the lock of the instance. Opens no socket.
 * @param waitMs how long a running agent may take.
 * @throws InstallerError `kit-refused` with the reason; `not-ready-in-time` when the agent has not finished.
 */
export async function readKit(layout: InstanceLayout, folder: string, waitMs: number): Promise<KitResult> {
  const config = await readAgentConfig(layout)
  const inbox = new KitInbox(config.exchangeFolder)
  await inbox.prepare()
  const id = randomBytes(8).toString('hex')
  const staging = inbox.stagingOf(id)
  try {
    const copied = await copyKit(folder, staging, 'to-site')
    if (copied.kind === 'refused') throw refusal(copied.code, copied.message)
    await inbox.handOver(id)
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
  const result = await awaitResult(layout, config, inbox, id, waitMs)
  await inbox.forgetResult(id)
  if (result.outcome === 'refused') throw refusal(result.code ?? 'unknown', result.message)
  return result
}

async function awaitResult(
  layout: InstanceLayout,
  config: AgentConfig,
  inbox: KitInbox,
  id: string,
  waitMs: number,
): Promise<KitResult> {
  const begun = Date.now()
  let isOffered = false
  while (Date.now() - begun < waitMs) {
    const read = await inbox.resultOf(id).read()
    if (read.kind === 'value') return read.value
    if (!isOffered && Date.now() - begun >= CLAIM_MS && (await inbox.isWaiting(id))) {
      isOffered = true
      await takeInPlace(layout, config)
    } else await pause(POLL_MS)
  }
  throw new InstallerError('not-ready-in-time', {
    message: 'the agent has not finished with the kit',
    effect: 'the kit is handed over and lies whole in the exchange folder',
    nextStep: 'see the log of the agent; it takes the kit when it runs. Reading it again does no harm',
  })
}

/** Nothing where the instance runs: then its agent is about to take the kit. */
async function takeInPlace(layout: InstanceLayout, config: AgentConfig): Promise<void> {
  const unlock = await holdInstanceLock(layout).catch((error: unknown) => {
    if (error instanceof InstallerError && error.code === 'already-running') return undefined
    throw error
  })
  if (unlock === undefined) return
  try {
    await takeWaitingKits(config, { clock: systemClock, logger: silentLogger })
  } finally {
    await unlock()
  }
}

function refusal(code: string, message: string): InstallerError {
  return new InstallerError('kit-refused', {
    message: `the kit was refused (${code}): ${message}`,
    effect: 'nothing of it was taken; the models in use go on',
    nextStep: 'copy the kit again, or fetch a newer one from the hub',
  })
}
