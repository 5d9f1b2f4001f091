using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace MfRae.Lab.Cli.Output;

/// <summary>JSON for programs, written by hand: its shape is a promise, and follows no record by accident.</summary>
public static class JsonText
{
    public static string Write(Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        var options = new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using (var json = new Utf8JsonWriter(buffer, options))
            write(json);
        return Encoding.UTF8.GetString(buffer.ToArray());
    }
}
