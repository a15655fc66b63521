import { localModelList } from '@leadglass/ui/contract/local-api'
import type { Command } from 'commander'
import { InstanceClient } from '../client.ts'
import { print, withData, withJson } from '../options.ts'

interface Options {
  readonly data: string
  readonly json: boolean
  readonly reason: string
}

/** Adds `stop` and `start` to `leadglass model`: at this site, at once, without the hub. */
export function registerModelStop(model: Command): void {
  const add = (act: 'stop' | 'start', description: string): void => {
    withJson(withData(model.command(act).description(description)))
      .argument('<name>', 'name of the model')
      .requiredOption('--reason <text>', 'why, for the record of this site; nothing about a patient')
      .action((name: string, options: Options) => send(act, name, options))
  }
  add('stop', 'stop a model on this box now, without the hub: from the next study on it is not scored')
  add('start', 'let a model run again that was stopped on this box; a recall cannot be lifted')
}

async function send(act: 'stop' | 'start', name: string, { data, json, reason }: Options): Promise<void> {
  const client = await InstanceClient.open(data)
  const path = `/api/models/${encodeURIComponent(name)}/${act}`
  const body = { reason }
  const list = await client.request({ service: 'appliance', method: 'POST', path, body, schema: localModelList })
  print(json, list, () => (act === 'stop' ? `${name} is stopped on this box.` : `${name} runs again.`))
}
