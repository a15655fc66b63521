import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { APPLIANCE_ENVIRONMENT, APPLIANCE_NODE_ARGUMENTS } from '@leadglass/appliance/process-options'
import { agentConfig, permissionArguments } from '@leadglass/sync-agent/agent'
import { ENTRIES } from './entries.ts'
import type { InstanceLayout } from './layout.ts'
import type { ProcessSpecification } from './supervisor.ts'

/** The service processes of an instance, in the order in which they start. */
export const PROCESS_NAMES = ['hub', 'agent', 'appliance'] as const
export type ProcessName = (typeof PROCESS_NAMES)[number]

/**
 * How a process of an instance is started. The agent gets Node's permission model: it reads its code, its own folder and
 * the exchange, and no process of the three inherits this process's environment.
 */
export async function specificationOf(layout: InstanceLayout, name: ProcessName): Promise<ProcessSpecification> {
  const { configFile } = layout[name]
  const permissions = name === 'agent' ? await agentPermissions(configFile) : []
  return {
    name,
    nodeArguments: [
      ...(name === 'appliance' ? APPLIANCE_NODE_ARGUMENTS : ['--enable-source-maps']),
      ...permissions,
      ENTRIES[name],
      '--config',
      configFile,
    ],
    logFile: join(layout.logs, `${name}.log`),
    pidFile: join(layout.root, `${name}.pid`),
    environment: {
      PATH: process.env.PATH ?? '',
      TZ: process.env.TZ ?? '',
      ...(name === 'appliance' ? APPLIANCE_ENVIRONMENT : {}),
    },
  }
}

async function agentPermissions(configFile: string): Promise<string[]> {
  return permissionArguments(agentConfig.parse(JSON.parse(await readFile(configFile, 'utf8'))), configFile)
}
