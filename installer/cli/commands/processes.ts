import { spawn } from 'node:child_process'
import type { Command } from 'commander'
import { InstallerError } from '../../errors.ts'
import { readInstanceFile } from '../../start/instance-file.ts'
import { layoutOf } from '../../start/layout.ts'
import { type ProcessName, specificationOf } from '../../start/processes.ts'
import { withData } from '../options.ts'
import { registerMoveDatabase } from './hub-database.ts'

const SUMMARIES: Readonly<Record<ProcessName, string>> = {
  hub: 'run only the hub of an instance, in the foreground, logging to standard error',
  agent: 'run only the sync agent of an instance, under the permission model, in the foreground',
  appliance: 'run only the appliance of an instance, in the foreground',
}

/** `leadglass appliance`: the appliance by itself, for a service manager or for a closer look. */
export const registerAppliance = (program: Command): void => void register(program, 'appliance')

/** `leadglass agent`: the sync agent by itself. */
export const registerAgent = (program: Command): void => void register(program, 'agent')

/** `leadglass hub`: the hub by itself. */
export const registerHub = (program: Command): void => registerMoveDatabase(register(program, 'hub'))

function register(program: Command, name: ProcessName): Command {
  return withData(program.command(name).description(SUMMARIES[name])).action(
    async (options: { readonly data: string }) => {
      process.exitCode = await runInForeground(name, options.data)
    },
  )
}

async function runInForeground(name: ProcessName, dataFolder: string): Promise<number> {
  const layout = layoutOf(dataFolder)
  if ((await readInstanceFile(layout))?.provisioned !== true) {
    throw new InstallerError('no-instance', {
      message: `there is no provisioned instance in ${dataFolder}`,
      effect: 'nothing was started',
      nextStep: 'run "leadglass up" once in that folder',
    })
  }
  const { nodeArguments, environment } = await specificationOf(layout, name)
  const child = spawn(process.execPath, [...nodeArguments], { stdio: 'inherit', env: { ...environment } })
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal)
  process.on('SIGINT', forward).on('SIGTERM', forward)
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)))
}
