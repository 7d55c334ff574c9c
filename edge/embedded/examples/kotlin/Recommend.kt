// An app that ranks by itself, on a desktop's Java: RecommendKt BUNDLE KEY UNIX_TIME VISITOR REQUEST, as in the C example.
//
//     kotlinc -include-runtime -cp jna.jar Kenal.kt Recommend.kt -d recommend.jar
//     java -Djna.library.path=FOLDER_OF_THE_LIBRARY -cp recommend.jar:jna.jar kenal.RecommendKt ...

package kenal

import java.io.File
import kotlin.system.exitProcess

fun main(args: Array<String>) {
    if (args.size != 5) {
        System.err.println("usage: RecommendKt BUNDLE KEY UNIX_TIME VISITOR REQUEST")
        exitProcess(2)
    }
    val (folder, key, now, visitor, request) = args
    try {
        val trusted = key.chunked(2).map { it.toInt(16).toByte() }.toByteArray()
        Kenal(File(folder), trusted, now.toLong()).use { edge ->
            println(edge.recommend(request, if (visitor == "") null else edge.row(visitor)))
        }
    } catch (why: Exception) {
        System.err.println(why.message)
        exitProcess(1)
    }
}
