import { type RoleSelection, SMALLEST_MAX_LENGTH, type UserInformation } from './associate.ts'
import { ascii, ITEM, type Item, readCounted, readItems, readUid, writeCounted, writeItem } from './associate-items.ts'
import { MalformedPduError } from './malformed.ts'

/**
 * Reads a user information item (PS3.8 9.3.2.3). What is absent takes the value that the standard gives it.
 * @throws MalformedPduError for a sub-item that is cut or of a wrong length.
 */
export function readUserInformation(bytes: Buffer): UserInformation {
  const roles: RoleSelection[] = []
  const extendedNegotiation: { sopClassUid: string; information: Uint8Array }[] = []
  let maxLength = 0
  let implementationClassUid = ''
  let implementationVersionName = ''
  let asynchronousOperations: UserInformation['asynchronousOperations'] = null
  let userIdentity: UserInformation['userIdentity'] = null
  for (const item of readItems(bytes)) {
    switch (item.type) {
      case ITEM.maximumLength:
        maxLength = fixed(item, 4).readUInt32BE(0)
        break
      case ITEM.implementationClassUid:
        implementationClassUid = readUid(item.value)
        break
      case ITEM.implementationVersionName:
        implementationVersionName = printable(item.value.subarray(0, 16))
        break
      case ITEM.asynchronousOperations:
        asynchronousOperations = {
          invoked: fixed(item, 4).readUInt16BE(0),
          performed: item.value.readUInt16BE(2),
        }
        break
      case ITEM.roleSelection: {
        const { value, rest } = readCounted(item.value)
        if (rest.length !== 2) throw new MalformedPduError('role selection of a wrong length (PS3.7 D.3.3.4)')
        roles.push({ sopClassUid: readUid(value), scu: rest[0] === 1, scp: rest[1] === 1 })
        break
      }
      case ITEM.extendedNegotiation: {
        const { value, rest } = readCounted(item.value)
        extendedNegotiation.push({ sopClassUid: readUid(value), information: Uint8Array.from(rest) })
        break
      }
      case ITEM.userIdentityRequest:
        // The identity itself stays unread: callers are known by title, address and certificate.
        userIdentity = { positiveResponseRequested: item.value[1] === 1 }
        break
      case ITEM.userIdentityAnswer:
        userIdentity = { positiveResponseRequested: false }
        break
      default: // PS3.8 9.3.1: items of other types are skipped.
    }
  }
  if (maxLength !== 0 && maxLength < SMALLEST_MAX_LENGTH)
    throw new MalformedPduError('maximum length leaves no room for a fragment (PS3.8 D.1)')
  return {
    maxLength,
    implementationClassUid,
    implementationVersionName,
    asynchronousOperations,
    roles,
    extendedNegotiation,
    userIdentity,
  }
}

/** Writes a user information item; `answer` tells which of the two user identity items to use. */
export function writeUserInformation(user: UserInformation, answer: boolean): Buffer {
  const maxLength = Buffer.alloc(4)
  maxLength.writeUInt32BE(user.maxLength)
  // PS3.7 annex D and PS3.8 annex D: sub-items in ascending order of their type.
  const items = [
    writeItem(ITEM.maximumLength, maxLength),
    writeItem(ITEM.implementationClassUid, ascii(user.implementationClassUid)),
  ]
  if (user.asynchronousOperations !== null) {
    const window = Buffer.alloc(4)
    window.writeUInt16BE(user.asynchronousOperations.invoked, 0)
    window.writeUInt16BE(user.asynchronousOperations.performed, 2)
    items.push(writeItem(ITEM.asynchronousOperations, window))
  }
  for (const role of user.roles) {
    const roles = Uint8Array.of(role.scu ? 1 : 0, role.scp ? 1 : 0)
    items.push(writeItem(ITEM.roleSelection, writeCounted(ascii(role.sopClassUid)), roles))
  }
  items.push(writeItem(ITEM.implementationVersionName, ascii(user.implementationVersionName)))
  for (const { sopClassUid, information } of user.extendedNegotiation)
    items.push(writeItem(ITEM.extendedNegotiation, writeCounted(ascii(sopClassUid)), information))
  // PS3.7 D.3.3.7.2: for a name or a name and a passcode the server response is empty.
  if (answer && user.userIdentity !== null)
    items.push(writeItem(ITEM.userIdentityAnswer, writeCounted(new Uint8Array(0))))
  return writeItem(ITEM.userInformation, ...items)
}

function fixed(item: Item, length: number): Buffer {
  if (item.value.length !== length) throw new MalformedPduError('user information sub-item of a wrong length (PS3.8 D)')
  return item.value
}

/** Names from a stranger end in logs and journals: whatever is not printable becomes a question mark. */
function printable(bytes: Buffer): string {
  return bytes
    .toString('latin1')
    .replace(/[^\x20-\x7e]/g, '?')
    .trim()
}
