// A page of a model or a benchmark: its charts, the drawer, what can be saved.
import { defineChart } from "./chart-element.ts";
import { listenToExports } from "./page-exports.ts";
import { listenToProvenance } from "./provenance-buttons.ts";
import { offerSurfaces } from "./surface-opener.ts";

defineChart();
listenToExports();
listenToProvenance();
offerSurfaces();
