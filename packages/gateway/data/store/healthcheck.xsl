<?xml version="1.0" encoding="UTF-8"?>
<!-- Accepts a well-formed answer that is no SOAP fault. The gateway does what this says without reading it. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
                xmlns:dp="http://www.datapower.com/extensions" extension-element-prefixes="dp">
  <xsl:template match="/">
    <xsl:choose>
      <xsl:when test="/*[local-name() = 'Envelope']/*[local-name() = 'Body']/*[local-name() = 'Fault']">
        <dp:reject/>
      </xsl:when>
      <xsl:otherwise>
        <dp:accept/>
      </xsl:otherwise>
    </xsl:choose>
  </xsl:template>
</xsl:stylesheet>
