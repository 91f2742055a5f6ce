(: Copies its input, which is JSON. The gateway does what this says without reading it. :)
.
