output "organization" {
  # 3f1c9a52-7d4e-4b8a-9c06-5e2d81b7f430
  value = provider::webex::decode_id("Y2lzY29zcGFyazovL3VzL09SR0FOSVpBVElPTi8zZjFjOWE1Mi03ZDRlLTRiOGEtOWMwNi01ZTJkODFiN2Y0MzA")
}
