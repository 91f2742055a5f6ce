<?xml version="1.0" encoding="UTF-8"?>
<!-- Rejects every message. The gateway does what this says without reading it. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
                xmlns:dp="http://www.datapower.com/extensions" extension-element-prefixes="dp">
  <xsl:template match="/">
    <dp:reject/>
  </xsl:template>
</xsl:stylesheet>
