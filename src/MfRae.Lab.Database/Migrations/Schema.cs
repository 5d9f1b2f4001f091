using System.Globalization;
using Dapper;
using MfRae.Lab.Database.Writing;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Database.Migrations;

/// <summary>Updates a database to the newest schema. `user_version` counts the scripts that have run.</summary>
internal static class Schema
{
    /// <summary>"MfRL" in ASCII: identifies results databases among SQLite files.</summary>
    public const long ApplicationId = 0x4d66524c;

    private const string Identities = "012_identity.sql";

    private static readonly string[] Scripts =
    [
        "001_initial.sql", "002_title.sql", "003_studies.sql", "004_marks.sql", "005_outcomes.sql", "006_points.sql", "007_digest.sql",
        "008_many_runs.sql", "009_origins.sql", "010_files.sql", "011_logs.sql", Identities, "013_versions.sql", "014_analysis.sql",
        "015_levels.sql", "016_costs.sql", "017_noise_sets.sql", "018_micro_batches.sql", "019_options.sql", "020_machine_use.sql",
        "021_vocabulary.sql", "022_stopped.sql",
    ];

    public static long Latest => Scripts.Length;

    public static long Version(SqliteConnection connection) => connection.ExecuteScalar<long>("PRAGMA user_version");

    /// <summary>
    /// Runs the missing scripts in one immediate transaction. If two processes find an old schema, the first one to get the lock
    /// migrates and the second one waits.
    /// </summary>
    public static void Migrate(SqliteConnection connection)
    {
        if (Version(connection) >= Latest)
        {
            return;
        }

        using var transaction = connection.BeginTransaction(deferred: false);
        var version = connection.ExecuteScalar<long>("PRAGMA user_version", transaction: transaction);
        for (; version < Latest; version++)
        {
            connection.Execute(Read(Scripts[version]), transaction: transaction);
            if (Scripts[version] == Identities)
            {
                new IdentityWriter(new Writer(connection, transaction)).CompleteAll();
            }
        }

        connection.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {version}"), transaction: transaction);
        connection.Execute(
            string.Create(CultureInfo.InvariantCulture, $"PRAGMA application_id = {ApplicationId}"), transaction: transaction);
        transaction.Commit();
    }

    private static string Read(string script)
    {
        using var stream = typeof(Schema).Assembly.GetManifestResourceStream($"MfRae.Lab.Database.Migrations.{script}")
            ?? throw new InvalidOperationException($"the migration {script} is not embedded");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
