import dgram from 'node:dgram'
import net from 'node:net'

/** Node's own code for an act that the permission model forbids, so that both refusals look alike. */
class AccessDenied extends Error {
  readonly code = 'ERR_ACCESS_DENIED'
}

function deny(): never {
  throw new AccessDenied('a pixel worker has no network')
}

/**
 * Takes connecting, listening and datagrams away from JavaScript in this process. Node 24's permission model knows no
 * network permission; native code is held off by the operating system where the installation sandboxes workers.
 */
export function sealNetwork(): void {
  net.Socket.prototype.connect = deny
  net.Server.prototype.listen = deny
  dgram.createSocket = deny
}
