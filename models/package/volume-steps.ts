import { z } from 'zod'

const voxels = z.number().int().min(1).max(1024)
const millimetres = z.number().min(0.1).max(50)

/** An anatomical direction: towards Left, Right, Posterior, Anterior, Superior or Inferior. */
const axes = z
  .string()
  .regex(/^[LRPASI]{3}$/)
  .refine((value) => new Set([...value].map((letter) => AXIS_OF[letter])).size === 3, {
    message: 'each of the three body axes must be named once',
  })

const AXIS_OF: Readonly<Record<string, number>> = { L: 0, R: 0, P: 1, A: 1, S: 2, I: 2 }

/**
 * Steps of a volume, whose axes are depth, rows, columns. Defined to the last digit in the executor of the appliance
 * (`appliance/imaging/preprocess/volume.ts`): values are held as float32, each computed in float64.
 */
export const volumeSteps = [
  /** Permutes and flips the axes so that depth, rows and columns grow towards the named directions; nothing is rotated. */
  z.strictObject({ step: z.literal('volume-orient'), axes }),
  /** To voxels of this size [depth, rows, columns] in mm over the same field of view, axis by axis. */
  z.strictObject({
    step: z.literal('volume-resample'),
    spacing: z.tuple([millimetres, millimetres, millimetres]),
    interpolation: z.enum(['linear', 'nearest']),
  }),
  /** Cuts or fills at both ends to the network's size; an odd voxel goes to the end. */
  z.strictObject({
    step: z.literal('volume-fit'),
    depth: voxels,
    height: voxels,
    width: voxels,
    fill: z.number().min(-1e6).max(1e6),
  }),
] as const
