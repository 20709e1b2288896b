// A benchmark's page: its charts and the drawer.
import { defineChart } from "./chart-element.ts";
import { listenToProvenance } from "./provenance-buttons.ts";

defineChart();
listenToProvenance();
