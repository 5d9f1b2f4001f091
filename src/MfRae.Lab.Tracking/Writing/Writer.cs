using Dapper;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Tracking.Writing;

/// <summary>A connection inside its transaction, so that no statement can forget the transaction.</summary>
internal sealed record Writer(SqliteConnection Connection, SqliteTransaction Transaction)
{
    /// <returns>The number of rows that changed. A list of parameters runs the statement once for each.</returns>
    public int Execute(string sql, object? parameters = null) => Connection.Execute(sql, parameters, Transaction);

    public T? Scalar<T>(string sql, object? parameters = null) => Connection.ExecuteScalar<T>(sql, parameters, Transaction);

    public IEnumerable<T> Query<T>(string sql, object? parameters = null) => Connection.Query<T>(sql, parameters, Transaction);
}
