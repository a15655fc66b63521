/**
 * How Node is to run the appliance; whoever starts it (supervisor, unit, test) takes these.
 *
 * The heap is small and much passes through it beside it. A floor under the old space keeps the collector from running
 * every few dozen objects received. A small young space, few arenas and no retained large blocks keep what has passed
 * from staying resident: objects of gigabytes pass through a process of less than 300 MiB.
 */
export const APPLIANCE_NODE_ARGUMENTS: readonly string[] = [
  '--enable-source-maps',
  '--initial-old-space-size=128',
  '--max-semi-space-size=4',
]

/** Environment for the same: glibc's allocator (mallopt(3)); other allocators ignore it. */
export const APPLIANCE_ENVIRONMENT: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '131072',
}
