/** A key that lives in this browser: the private half can sign and can be read by nobody, this page included. */
export interface BrowserKey {
  readonly account: string
  readonly keyid: string
  /** 64 hexadecimal digits. */
  readonly publicKey: string
  readonly privateKey: CryptoKey
}

const DATABASE = 'leadglass-signing'
const STORE = 'keys'

/** The key of an account in this browser, undefined when it has none here. */
export async function findBrowserKey(account: string): Promise<BrowserKey | undefined> {
  return withStore('readonly', (store) => store.get(account) as IDBRequest<BrowserKey | undefined>)
}

/**
 * Makes a key for an account: Ed25519, not extractable (WebCrypto). An older one of this browser is replaced.
 * @throws when the page did not come over a secure connection, or the browser is too old.
 */
export async function createBrowserKey(account: string): Promise<BrowserKey> {
  const pair = await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])
  if (!('privateKey' in pair)) throw new Error('the browser makes no Ed25519 keys')
  const publicKey = hex(new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)))
  const key = { account, publicKey, keyid: await keyIdOf(publicKey), privateKey: pair.privateKey }
  await withStore('readwrite', (store) => store.put(key))
  return key
}

/** TUF 4.2: SHA-256 over the canonical form of the public key. */
async function keyIdOf(publicKey: string): Promise<string> {
  const canonical = `{"keytype":"ed25519","keyval":{"public":"${publicKey}"},"scheme":"ed25519"}`
  return hex(await sha256(new TextEncoder().encode(canonical)))
}

/** SHA-256 of bytes. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
}

/** Lower-case hexadecimal digits. */
export function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

async function withStore<Result>(
  mode: IDBTransactionMode,
  act: (store: IDBObjectStore) => IDBRequest<Result>,
): Promise<Result> {
  const opened = indexedDB.open(DATABASE, 1)
  opened.onupgradeneeded = () => opened.result.createObjectStore(STORE, { keyPath: 'account' })
  const database = await done(opened)
  try {
    return await done(act(database.transaction(STORE, mode).objectStore(STORE)))
  } finally {
    database.close()
  }
}

function done<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('the browser keeps no keys here'))
  })
}
