using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("MfRae.Lab.Reporting.Tests")]
[assembly: InternalsVisibleTo("MfRae.Lab.Cli.Tests")]
