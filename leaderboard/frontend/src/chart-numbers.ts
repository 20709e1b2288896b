// Numbers of full precision as numbers.py prints them: halves go to the even neighbour, as in Python.
import { shownError, shownNumber } from "./board-data.ts";
import { isThere, type Value } from "./chart-scene.ts";

/** A number as it is shown, in whole thousandths. */
export function thousandths(value: number): number {
  const scaled = Math.abs(value) * 1000;
  // Only sixteenths lie exactly between two thousandths; toFixed rounds those up.
  const isTie = Number.isInteger(value * 16) && scaled % 1 === 0.5;
  const whole = isTie ? 2 * Math.round(scaled / 2) : Number(Math.abs(value).toFixed(3).replace(".", ""));
  return value < 0 ? -whole : whole;
}

export function shown(value: Value): string {
  return shownNumber(isThere(value) ? thousandths(value) : null);
}

export function withError(value: Value, error: Value): string {
  const spread = isThere(value) && isThere(error) ? shownError(thousandths(error)) : "";
  return `${shown(value)} ${spread}`.trimEnd();
}
