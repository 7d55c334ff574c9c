/** The bits of a score as eight hexadecimal digits: two hosts ranked alike exactly when these agree. */
export function scoreBits(score: number): string {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, score);
  return view.getUint32(0).toString(16).padStart(8, "0");
}
