import { EngineError } from '../errors.ts'
import type { DimseEngine } from '../ports.ts'
import { NativeListener } from './listener.ts'
import { nativeAddon } from './locate.ts'
import { NativeSender } from './sender.ts'

/**
 * dicom-dimse-native 2.6 (DCMTK in an addon). Every promise that it does not keep is stated here, and shown to be missing
 * by the contract tests.
 * @throws EngineError (`not-built`).
 */
export function nativeEngine(folder?: string): DimseEngine {
  const addon = nativeAddon(folder)
  if (addon === undefined) throw new EngineError('not-built', 'the native engine is not built on this machine')
  return {
    name: 'native',
    capabilities: {
      tls: false,
      commitment: false,
      query: false,
      'durable-success': false,
      'caller-policy': false,
      'bind-address': false,
      'unchanged-object': false,
      'bounded-memory': false,
      'several-associations': false,
      'survives-bad-input': false,
      'result-of-each': false,
    },
    listener: (parts) => new NativeListener(addon, parts),
    sender: () => new NativeSender(addon),
  }
}
