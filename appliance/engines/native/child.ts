import { createRequire } from 'node:module'
import { addonReply, type NativeReply, nativeRequest, receivedObject } from './messages.ts'

// A process of its own: the addon has no way to stop its listener, and what ends it must not end the appliance.
type AddonCall = (input: string, callback: (reply: string) => void) => void
type Addon = Readonly<Record<'echoScu' | 'storeScu' | 'startScp', AddonCall>>

const PENDING = 1

// Listening on keeps the process until its parent ends it, and with it the way for the last word.
process.on('message', (message) => {
  const request = nativeRequest.parse(message)
  const addon = createRequire(import.meta.url)(request.addon) as Addon
  if (request.kind === 'listen') {
    const { aeTitle, port, folder } = request
    const source = { aet: aeTitle, ip: '127.0.0.1', port: String(port) }
    // Objects come back as bytes and never touch the disk here: a file would be named as the caller likes.
    const input = { source, peers: [], storagePath: folder, storeOnly: true, writeFile: false, permissive: true }
    addon.startScp(JSON.stringify(input), answered)
    return
  }
  const { callingAeTitle, calledAeTitle, host, port, folder } = request
  const source = { aet: callingAeTitle, ip: '127.0.0.1', port: '1' }
  const target = { aet: calledAeTitle, ip: host, port: String(port) }
  const call = request.kind === 'echo' ? addon.echoScu : addon.storeScu
  call(JSON.stringify({ source, target, sourcePath: folder }), answered)
})
process.once('disconnect', () => process.exit(0))

function answered(text: string): void {
  const { code, message, container } = addonReply.parse(JSON.parse(text))
  const object = receivedObject.safeParse(container)
  if (message === 'BUFFER_STORAGE' && object.success) tell({ kind: 'object', base64: object.data.base64 })
  else if (code !== PENDING) tell({ kind: 'done', success: code === 0, message: 'the addon ended' })
}

function tell(reply: NativeReply): void {
  process.send?.(reply)
}
