/** Ends the demo when something did not come out as it should. */
export function expect(isTrue: boolean, what: string): void {
  if (!isTrue) throw new Error(`the demo failed: it is not so that ${what}`);
}
