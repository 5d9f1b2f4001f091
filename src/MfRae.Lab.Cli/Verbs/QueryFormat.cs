namespace MfRae.Lab.Cli.Verbs;

public enum QueryFormat
{
    Table,
    Csv,
    Json,
}
