import '../shared/no-eval.ts'
import { contextBridge, ipcRenderer } from 'electron'
import { DESK_CHANNELS, type DeskAnswer, type DeskBridge, type DeskChannel, type DeskRequest } from './ipc.ts'

async function ask<Channel extends DeskChannel>(
  channel: Channel,
  ...request: DeskRequest<Channel>
): Promise<DeskAnswer<Channel>> {
  const answer: unknown = await ipcRenderer.invoke(channel, ...request)
  return DESK_CHANNELS[channel].answer.parse(answer) as DeskAnswer<Channel>
}

const bridge: DeskBridge = {
  facts: () => ask('desk:facts'),
  mode: (mode) => ask('desk:mode', mode),
  pair: (text) => ask('desk:pair', text),
  forget: () => ask('desk:forget'),
}

contextBridge.exposeInMainWorld('leadglassDesk', bridge)
