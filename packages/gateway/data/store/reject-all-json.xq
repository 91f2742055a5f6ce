(: Rejects every message. The gateway does what this says without reading it. :)
declare namespace dp = "http://www.datapower.com/extensions";
dp:reject()
