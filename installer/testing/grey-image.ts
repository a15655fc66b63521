import sharp from 'sharp'

/** The first channel of an image file, row after row, 0 to 255: the shared radiographs are grey, stored as colour. */
export async function greyImage(
  path: string,
): Promise<{ readonly width: number; readonly height: number; readonly values: Float64Array }> {
  const { data, info } = await sharp(path).extractChannel(0).raw().toBuffer({ resolveWithObject: true })
  return { width: info.width, height: info.height, values: Float64Array.from(data) }
}
