import { AssociationRequester, DicomPort } from '../dimse/index.ts'
import type { DimseEngine } from './ports.ts'

/** The engine of this repository: `appliance/dimse`. It keeps every promise of the list. */
export const ownEngine: DimseEngine = {
  name: 'own',
  capabilities: {
    tls: true,
    commitment: true,
    query: true,
    'durable-success': true,
    'caller-policy': true,
    'bind-address': true,
    'unchanged-object': true,
    'bounded-memory': true,
    'several-associations': true,
    'survives-bad-input': true,
    'result-of-each': true,
  },
  listener: (parts) => new DicomPort(parts),
  sender: (parts) => new AssociationRequester(parts),
}
