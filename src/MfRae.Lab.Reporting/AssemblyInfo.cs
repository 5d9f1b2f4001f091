using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("MfRae.Lab.Reporting.Tests")]
