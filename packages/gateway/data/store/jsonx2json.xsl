<?xml version="1.0" encoding="UTF-8"?>
<!-- Writes JSONx as JSON. The gateway does what this describes without reading it. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
                xmlns:json="http://www.ibm.com/xmlns/prod/2009/jsonx">
  <xsl:output method="text" encoding="UTF-8"/>

  <xsl:template match="json:object">
    <xsl:text>{</xsl:text>
    <xsl:for-each select="json:*">
      <xsl:if test="position() &gt; 1">,</xsl:if>
      <xsl:value-of select="concat('&quot;', @name, '&quot;:')"/>
      <xsl:apply-templates select="."/>
    </xsl:for-each>
    <xsl:text>}</xsl:text>
  </xsl:template>

  <xsl:template match="json:array">
    <xsl:text>[</xsl:text>
    <xsl:for-each select="json:*">
      <xsl:if test="position() &gt; 1">,</xsl:if>
      <xsl:apply-templates select="."/>
    </xsl:for-each>
    <xsl:text>]</xsl:text>
  </xsl:template>

  <xsl:template match="json:string">
    <xsl:value-of select="concat('&quot;', ., '&quot;')"/>
  </xsl:template>

  <xsl:template match="json:number | json:boolean">
    <xsl:value-of select="."/>
  </xsl:template>

  <xsl:template match="json:null">null</xsl:template>
</xsl:stylesheet>
